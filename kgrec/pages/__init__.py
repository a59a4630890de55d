"""HTML and SVG from plain data."""
