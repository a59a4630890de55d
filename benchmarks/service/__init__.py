"""The service under load, over time, with faults."""
