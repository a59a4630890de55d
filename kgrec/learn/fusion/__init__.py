"""How channels are mixed, decided on validation; numpy only."""
