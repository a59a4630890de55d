"""What a log of another format says of itself; all else of it is tested where one is imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from kgrec.errors import SourceError
from kgrec.learn.columns.interaction_log import MANIFEST, InteractionLog


def test_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text('{"format": 99, "blocks": []}')
    with pytest.raises(SourceError, match="another format") as caught:
        InteractionLog.open(tmp_path)
    assert caught.value.found == "format 99"
