"""The additive score: the only place where a score is made."""
