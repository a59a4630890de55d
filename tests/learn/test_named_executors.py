"""Executors by name: what there is, and what a name cannot be."""

from __future__ import annotations

import pytest

from kgrec.errors import ConfigError
from kgrec.learn.named_executors import open_executor
from kgrec.parallel.executor import here
from kgrec.parallel.processes import Processes


def test_names() -> None:
    with open_executor("here") as executor:
        assert executor is here
    with open_executor("processes:2") as executor:
        assert isinstance(executor, Processes)


@pytest.mark.parametrize("name", ["", "proceses", "spark://head:7077"])
def test_a_name_that_there_is_not(name: str) -> None:
    with pytest.raises(ConfigError, match="no such executor") as caught:
        open_executor(name)
    assert "here, processes, ray" in str(caught.value.expected)


@pytest.mark.parametrize(
    "name", ["here:2", "processes:", "processes:0", "processes:-1", "processes:two", "ray:2", "ray://"]
)
def test_what_follows_a_name_has_to_make_sense(name: str) -> None:
    with pytest.raises(ConfigError, match=r"executor cannot be|no address"):
        open_executor(name)
