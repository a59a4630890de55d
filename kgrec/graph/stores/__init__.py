"""Property graph databases behind one protocol."""
