"""The back office: work that facts cause and nobody watches being done, in a process of its own.

Calls are put on tickets, facts are written down, reports are counted, nights are tidied there, while the first process
keeps to the switch and the screens. docs/why.md says what two threads and one lock cost a caller before.
"""
