"""Why an item has its score: contributions, confirmed paths, counterfactual, words."""
