"""Tickets: their kinds, states and rules, and which ticket a call belongs to. Pure: no I/O, no clock, no SQL."""
