"""What is counted in columns is what one finds who goes through the records one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.data.records import Interaction
from kgrec.extract.check_counts import Check
from kgrec.extract.interaction_checks import InteractionChecks
from kgrec.schema.load import load_schema
from tests.support.columns import interaction_columns

SCHEMA = load_schema("triples")
USERS, ITEMS = ["v", "u", "w"], ["2", "1"]
TIMES = st.sampled_from([None, 0.0, 5.0, 9e8, 9.1e8, 4e10])
RECORDS = st.lists(
    st.builds(
        Interaction,
        st.just("INTERACTED"),
        st.sampled_from([*USERS, "x"]),
        st.sampled_from([*ITEMS, "9"]),
        st.sampled_from(["buy", "skip"]),
        st.just("shop"),
        TIMES,
        st.sampled_from([1.0, 0.0, -1.0]),
    ),
    max_size=14,
)


def found(records: Sequence[Interaction], block: int) -> dict[str, Check]:
    checks = InteractionChecks(SCHEMA, (USERS, ITEMS), lambda end: f"(not {end.uid})")
    for start in range(0, len(records), block):
        checks.look("log", interaction_columns(records[start : start + block]))
    return {check.what: check for check in checks.checks()}


def named(one: Interaction) -> str:
    return f"User '{one.user}' Item '{one.item}' time {one.time} in table log"


@settings(deadline=None, max_examples=50)
@given(records=RECORDS, block=st.integers(1, 14))
def test_columns_are_counted_as_their_records(records: list[Interaction], block: int) -> None:
    told = found(records, block)

    def expect(what: str, odd: list[str], of: int) -> None:
        check = told[what]
        assert (check.count, check.of, check.first) == (len(odd), of, odd[0] if odd else None)

    seen: set[tuple[str, ...]] = set()
    twice, missing = [], []
    times: dict[str, list[float | None]] = defaultdict(list)
    items = set()
    for one in records:
        identity = (one.user, one.item, one.key)
        twice += [named(one)] if identity in seen else []
        seen.add(identity)
        if one.user not in USERS or one.item not in ITEMS:
            end, uid = ("User", one.user) if one.user not in USERS else ("Item", one.item)
            missing.append(f"{end} '{uid}' in table log (not {uid})")
        else:
            times[one.user].append(one.time)
            items.add(one.item)
    n = len(records)
    expect("interactions stated twice", twice, n)
    expect("interactions of users or items that no table describes", missing, n)
    expect("interactions without time", [named(one) for one in records if one.time is None], n)
    expect("times in the future", [named(one) for one in records if one.time == 4e10], n)
    several = {user: of_user for user, of_user in times.items() if len(of_user) > 1}
    alike = [f"User '{user}'" for user, of_user in several.items() if len(set(of_user)) == 1]
    expect("users whose interactions all have the same time, so no order", alike, len(several))
    expect("users without any interaction", [f"User '{user}'" for user in USERS if user not in times], len(USERS))
    cold = "items without any interaction (new ones; they are recommended from facts and text)"
    expect(cold, [f"Item '{item}'" for item in ITEMS if item not in items], len(ITEMS))
    skipped = [one for one in records if one.kind == "skip"]
    of_kind = [check for what, check in told.items() if what.startswith("interactions of kind 'skip'")]
    assert [check.count for check in of_kind] == ([len(skipped)] if skipped else [])
