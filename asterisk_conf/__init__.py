"""The switch's side: what an Asterisk needs in its configuration so that callserver can follow every call on it.

Flows in: a `Plan` (phones, queues, trunks, manager accounts). Flows out: configuration files for one Asterisk.
Must not know: anything about callserver's rooms; they import `contract` from here, never the other way round.
"""
