"""What a list is worth, measured the same way in training as in reports."""
