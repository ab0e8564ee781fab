"""Promises: when a call that we owe may be dialled, when it must be, and what follows from how it went.

Pure: values in, values out; time and zones are arguments. `states` has the steps of a promise, `policy` what an
administrator decides by kind, `hours` the allowed hours, `planning` the moments of a new promise, `holding` why one is
not dialled now, `judging` what came of an attempt, `trying` what follows from it.
"""
