"""The heart: what the switch's events mean for calls and agents. Pure: no async, no clock, no I/O."""
