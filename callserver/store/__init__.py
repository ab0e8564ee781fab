"""The only SQL. `engine.open` gives a `Store`; every other module here is functions on it (see docs/store.md)."""
