"""Data set to bundle: the only folder that imports torch."""
