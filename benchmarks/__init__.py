"""Published data sets, rival systems and protocols; not needed to run kgrec."""
