"""Data set to bundle."""

from kgrec.learn.processors import set_up_threads

# Here, because whoever imports torch through kgrec has come through this room, and torch must not be loaded before.
set_up_threads()
