"""Data set to bundle."""
