"""Contract suites for what plugs into kgrec."""
