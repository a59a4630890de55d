"""How sources are read: as tables of plain rows."""
