"""Several processes that are one service: they answer from one model in memory."""
