"""HTTP: health, metrics, a status page and the API of calls.

Knows the store and the vitals, not how they come about.
"""
