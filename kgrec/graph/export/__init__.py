"""The graph in the form of other tools."""
