"""Groups of ablations by name."""

from __future__ import annotations

import pytest

from kgrec.errors import ConfigError
from kgrec_benchmarks.protocols.ablation_groups import GROUPS, named_groups


def test_names_of_groups() -> None:
    assert named_groups(None) == ()
    assert named_groups("all") == GROUPS
    assert named_groups("loss, graph,loss") == named_groups(("loss", "graph")) == ("loss", "graph")


@pytest.mark.parametrize("wrong", ["", "graphs", "graph,all", "graph,,text"])
def test_what_is_no_group(wrong: str) -> None:
    with pytest.raises(ConfigError, match="there is no such group of ablations"):
        named_groups(wrong)
