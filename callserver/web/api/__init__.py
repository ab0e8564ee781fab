"""The API: what it can do is declared once, in the functions that do it (see docs/api.md)."""
