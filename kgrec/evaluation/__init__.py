"""How good kgrec is on a store, beside simple baselines."""
