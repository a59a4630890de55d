"""An attribute that is worked out at the first look at it, and kept; no thread waits for another one's.

``functools.cached_property`` of Python 3.11 holds a lock while it works a value out, and it is one lock for all objects
of a class: two answers whose attributes look at each other's kinds in opposite orders would wait for each other for
ever. From Python 3.12 on it holds none. Without a lock two threads may work out the same value at the same time; all
get the one that was kept first.
"""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or sys.version_info >= (3, 12):
    from functools import cached_property as cached_property
else:

    class cached_property(functools.cached_property):  # noqa: N801 - it stands in for the one of that name
        """A method as an attribute that is kept in the object's ``__dict__`` under its name."""

        def __get__(self, instance: Any, owner: Any = None) -> Any:
            """The value of an object; of its class, this."""
            if instance is None:
                return self
            kept = vars(instance)
            if self.attrname not in kept:
                return kept.setdefault(self.attrname, self.func(instance))
            return kept[self.attrname]
