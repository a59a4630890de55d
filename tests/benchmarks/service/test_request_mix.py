"""What is asked under load: the shares that a mix names, few users often, events under ids of their own."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from kgrec_benchmarks.service.request_mix import MIXES, RequestMix
from tests.support.bundles import FILMS, USERS, film_bundle


@pytest.mark.parametrize("name", MIXES)
def test_shares(name: str) -> None:
    shares = MIXES[name]
    assert sum(shares.values()) == pytest.approx(1.0)
    mix = RequestMix(["ann", "bob"], ["alien"], shares)
    found = Counter(mix.next().kind for _ in range(2_000))
    assert {kind: n / 2_000 for kind, n in found.items()} == pytest.approx(shares, abs=0.04)


def test_users_come_by_zipf_and_seeds_repeat() -> None:
    users = [f"u/{n}" for n in range(4)]
    mix, same = (RequestMix(users, ["i"], {"recommend": 1.0}, seed=3) for _ in range(2))
    sent = [mix.next().sent for _ in range(4_000)]
    assert sent == [same.next().sent for _ in range(4_000)]
    counts = Counter(sent)
    assert [sent.split(b" ")[1] for sent, _ in counts.most_common()] == [
        f"/v1/recommend?user=u%2F{n}".encode() for n in range(4)
    ]
    most, second, *_ = [n for _, n in counts.most_common()]
    assert most / second == pytest.approx(2.0, rel=0.15)


def test_events_and_ids_of_a_bundle(tmp_path: Path) -> None:
    bundle = tmp_path / "films.bundle"
    film_bundle().save(bundle)
    mixes = [RequestMix.of_bundle(bundle, {"event": 1.0}, seed) for seed in (1, 2)]
    asked = [mix.next() for mix in mixes for _ in range(2)]
    assert [one.event for one in asked] == ["load-1-1", "load-1-2", "load-2-1", "load-2-2"]
    body = json.loads(asked[0].sent.split(b"\r\n\r\n")[1])
    assert (body["id"], body["user"] in USERS, body["item"] in FILMS) == ("load-1-1", True, True)
