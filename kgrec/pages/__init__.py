"""Pages that a browser shows, from plain data."""
