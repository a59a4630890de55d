"""What a list is worth: one ranking and one set of measures for training and reporting alike."""
