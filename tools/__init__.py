"""Programs for those who work on kgrec."""
