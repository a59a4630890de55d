"""What changes while answers are given."""
