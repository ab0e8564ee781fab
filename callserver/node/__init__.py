"""This process's duties: a lease per Asterisk.

For those it owns, link -> floor -> journal, in one ordered road.
"""

from callserver.node.duty import Duty, Myself
from callserver.node.node import Node

__all__ = ["Duty", "Myself", "Node"]
