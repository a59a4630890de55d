"""Runs over seeds: their outcomes, cost, tables and files."""
