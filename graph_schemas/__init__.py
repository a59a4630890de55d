"""Graph schemas: what a graph is, as data."""
