"""The words of explanations, a file per language."""
