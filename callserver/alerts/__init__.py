"""What is watched, and when somebody is told: rules over live numbers. Pure: no clock, no I/O."""
