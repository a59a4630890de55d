"""Whom kgrec is measured against."""
