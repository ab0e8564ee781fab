"""`python -m callserver`: the same as the command `callserver`."""

from callserver.cli import main

main()
