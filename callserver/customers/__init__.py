"""Customers and what they own: pure values and rules. No I/O, no clock, no SQL."""
