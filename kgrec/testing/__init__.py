"""Contract suites for what plugs into kgrec."""

import pkgutil

import pytest

# Without this a failing suite would say AssertionError and not which values differ.
pytest.register_assert_rewrite(*(f"{__name__}.{module.name}" for module in pkgutil.iter_modules(__path__)))
