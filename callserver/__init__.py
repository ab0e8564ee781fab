"""callserver: the server between an Asterisk switch and the people of an after-sales hotline."""

__version__ = "0.1.0"
