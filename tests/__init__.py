"""Tests, in the folders of the rooms that they test; what they share is in ``tests.support``."""
