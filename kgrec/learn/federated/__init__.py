"""Learning of several platforms from sums that they share instead of rows."""
