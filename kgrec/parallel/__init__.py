"""Calls that do not depend on each other, one after another or at the same time."""
