"""How good it is, honestly: splits, baselines, tables, pages."""
