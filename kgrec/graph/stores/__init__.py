"""Property graph databases behind one protocol, imported when one of theirs is opened."""
