"""Every Cypher statement, by purpose."""
