"""The why-page, which people open in a browser."""
