"""How channels are mixed, decided on validation; without a deep-learning framework."""
