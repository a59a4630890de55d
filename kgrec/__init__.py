"""kgrec: recommendations that can show their reasons."""
