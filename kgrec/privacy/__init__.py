"""Personal data: what a place of it offers, how it is searched byte by byte, which pseudonyms name it."""
