"""The invented report, for every test of the page."""

import pytest
from invented_report import invented_report

from kgrec.pages.demo_report import DemoReport


@pytest.fixture(name="report")
def invented() -> DemoReport:
    return invented_report()
