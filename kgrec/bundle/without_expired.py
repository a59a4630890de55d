"""A bundle without interactions that are kept no longer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kgrec.bundle.bundle import Bundle
from kgrec.data.time_units import EARLIEST
from kgrec.schema.retention import Expiry


def without_expired(bundle: Bundle, expired: Sequence[Expiry]) -> Bundle:
    """A bundle that has none of them; itself where there are none.

    Users and all that was learned stay. In bundles of earlier versions types have no name: kinds alone decide.
    """
    past = bundle.interactions
    gone = np.zeros(len(past), np.bool_)
    for one in expired:
        of_type = np.array([name in (one.type, "") for name in past.types], np.bool_)[past.type]
        of_kind = np.array([one.is_about(kind) for kind in past.kinds], np.bool_)[past.kind]
        gone |= of_type & of_kind & (past.time >= EARLIEST) & (past.time < one.before)
    if not gone.any():
        return bundle
    return replace(bundle, interactions=past.select(~gone), version="")
