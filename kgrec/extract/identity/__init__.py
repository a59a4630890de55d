"""Which records of different platforms are the same thing."""
