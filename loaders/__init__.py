"""Loaders: how a source is read. Each yields tables of plain rows."""
