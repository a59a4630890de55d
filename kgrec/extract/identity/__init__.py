"""Which records of different platforms are one entity."""
