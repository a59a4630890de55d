"""What is measured: lists on a split, clicks, cold start, held-out facts, ablations."""
