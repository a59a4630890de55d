"""Records as columns, for tests that state them one by one."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from kgrec.data.record_columns import CODED, InteractionColumns
from kgrec.data.records import Interaction


def interaction_columns(records: Sequence[Interaction], type: str = "", platform: str = "") -> InteractionColumns:
    """Interactions of the type and platform of the first one, or those that are named."""
    types = {field.name: pa.string() if field.type == CODED else field.type for field in InteractionColumns.SCHEMA}
    arrays = {name: pa.array([getattr(one, name) for one in records], kind) for name, kind in types.items()}
    names = (type, platform) if type else (records[0].type, records[0].platform)
    return InteractionColumns.of_arrays(*names, arrays)
