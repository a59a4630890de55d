"""What is measured: clicks, cold start, facts, ablations."""
