"""Measurements, with a command each: `python -m bench [NAME ...]`.

Ratios are what counts: each figure stands beside a floor or a peer that was measured in the same run, interleaved with
it. Nothing here is a test; docs/performance.md says how to read the table.
"""
