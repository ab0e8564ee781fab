"""The rig: real programs (Asterisk, SIPp, PostgreSQL) fetched, started and stopped for tests, traces and the demo."""
