"""The invented report, for every test of the page."""

import pytest

from kgrec.pages.demo_report import DemoReport
from tests.support.reports import invented_report


@pytest.fixture(name="report")
def invented() -> DemoReport:
    return invented_report()
