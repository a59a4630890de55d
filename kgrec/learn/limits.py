"""The sizes at which methods change, in one table with a reason each.

Small data are fitted by the dearest method and the widest search, large data by what fits into memory and ends within
the hour. A bundle's manifest holds the table that it was learned with. Block sizes are not here: they change no result.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from kgrec.config import TrainConfig


def _up_to(value: float, reason: str) -> Any:
    """A dataclass field with the reason for its value."""
    return field(default=value, metadata={"reason": reason})


@dataclass(frozen=True)
class Limits:
    """Sizes up to which the more expensive method is used. Items are known items: those with interactions."""

    # Channels
    dense_system: int = _up_to(15_000, "a dense float32 system of that many rows takes 900 MB and minutes to solve")
    wide_ridge_search_items: int = _up_to(6_000, "one ridge takes seconds: many settings are tried, and one more ridge")
    one_thread_items: int = _up_to(6_000, "a system takes a second; on a busy machine more threads wait for each other")
    any_search_items: int = _up_to(50_000, "beyond, one setting alone takes minutes, so that it is taken as it is")
    dense_cosine_items: int = _up_to(5_000, "beyond, most pairs of items share no user: only pairs that do are counted")
    whole_matrix_items: int = _up_to(5_000, "all weights of a matrix take 100 MB; beyond, the largest are kept")
    woodbury_share: float = _up_to(0.6, "rows per item below which solving over rows is faster than over items")
    broad_row_items: int = _up_to(5_000, "a row of more items says little of each, and its pairs alone fill the memory")
    next_item_rows: int = _up_to(25_000, "rows, over all recencies, of the dense system of next items: 2.5 GB")
    next_item_history: int = _up_to(2_000, "items of one history: cost and memory grow with their square")
    session_pairs: int = _up_to(50_000_000, "pairs of events that fit into memory; beyond, the horizon is shorter")
    content_search_items: int = _up_to(5_000, "settings of cold items are searched: each is a kernel system in seconds")
    whole_cold_weights: int = _up_to(5_000_000, "weights of cold items that take 60 MB; beyond, the largest are kept")
    validation_users: int = _up_to(3_000, "more users tell settings apart no better, and ranking them takes longer")
    # Cold items
    cold_item_share: float = _up_to(0.01, "a smaller share of the catalogue is not worth one more training")
    cold_item_known: int = _up_to(50, "fewer known items are too few to hide a tenth of")
    cold_item_users: int = _up_to(5_000, "more users place cold items no better")
    # Gates
    coarse_search_users: int = _up_to(1_000, "users who tell a good start of the gate search from a bad one")
    bagged_users: int = _up_to(5_000, "beyond, chance is small enough that one gate search does for eight")
    history_length_users: int = _up_to(500, "users that gates of a range of history lengths are fitted on at least")
    return_visit_users: int = _up_to(200, "users that gates of return visits are fitted on at least")
    never_met_users: int = _up_to(200, "users who found something they had never met: fewer tell settings apart badly")
    candidates: int = _up_to(200, "best candidates by each channel: the best by a mixture are hardly ever below them")
    candidate_scores: int = _up_to(500_000_000, "scores of users and items that are computed within minutes")
    # Platforms
    platform_users: int = _up_to(
        200, "users of validation on a platform, from which on its lists have a model of its own"
    )
    # Training
    epoch_users: int = _up_to(100_000, "users of an epoch at most: validation looks that often, to stop in time")
    exact_items: int = _up_to(
        TrainConfig.model_fields["exact_items"].default,
        "default of the setting of this name: beyond, a loss over all items takes too long",
    )
    next_item_events: int = _up_to(100_000, "fewer teach vectors for next items less than counting pairs does")
    # Baselines
    dense_baseline_items: int = _up_to(10_000, "dense weights multiply several times faster; beyond, 1,000 are kept")
    whole_grid_items: int = _up_to(8_000, "beyond, each setting takes so long that a third of the grid is tried")

    def as_dict(self) -> dict[str, float]:
        """Name to value, for the manifest."""
        return asdict(self)

    def reasons(self) -> dict[str, str]:
        """Name to the reason for the value."""
        return {limit.name: str(limit.metadata["reason"]) for limit in fields(self)}


LIMITS = Limits()
