"""Whom kgrec is measured against.

`registry.py` finds those that rank a split; the others belong to one protocol each.
"""
