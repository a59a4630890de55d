"""Records to a property graph, and the graph back to arrays."""
