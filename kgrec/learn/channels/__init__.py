"""Item-item channels in closed form; numpy and scipy only."""
