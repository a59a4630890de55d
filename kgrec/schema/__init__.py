"""What a graph is, as data: one YAML file per domain."""
