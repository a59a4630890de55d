"""Property graph databases behind one protocol, each driver imported when its store is opened."""
