"""A real Neo4j server on this machine, for tests or for a developer."""
