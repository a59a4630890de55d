"""A log in parts as columns on disk: what an import into a graph has of the same files, however many read them."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from kgrec.data.dataset import AGAINST, FOR, HIDES, Interactions
from kgrec.errors import ConfigError, KgrecError, RecordError, SourceError
from kgrec.graph import open_store
from kgrec.graph.dataset_reader import read_dataset
from kgrec.learn.columns.interaction_log import InteractionLog
from kgrec.learn.columns.log_import import LogImport, import_log
from kgrec.learn.named_executors import open_executor
from kgrec.pipeline import ingest
from kgrec.schema.load import parse_schema
from kgrec.schema.model import GraphSchema

SCHEMA = """
version: 1
domain: shop
platforms: {web: {en: the shop, zh: 商店}}
nodes:
  Customer: {role: user, words: {en: customer, zh: 顾客}, from_interactions: true, sources: []}
  Thing:
    role: item
    words: {en: thing, zh: 物}
    sources: [{table: things, platform: web, id: id}]
interactions:
  DID:
    user: Customer
    item: Thing
    words: {en: did, zh: 做过}
    kinds:
      buy: {repeats: sum}
      view: {repeats: each}
      like: {}
      return: {speaks: filter}
    sources: [{table: did, platform: web, user: who, item: what, kind_column: how, time: at, weight: times}]
"""
N_PARTS = 4


@pytest.fixture(scope="module")
def schema() -> GraphSchema:
    return parse_schema(SCHEMA, "log.yaml")


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Folders with a table each; users and repeated rows are in several of them."""
    rng, folder = random.Random(0), tmp_path_factory.mktemp("log")
    rows = []
    for _ in range(1200):
        who, what, how = f"u{rng.randrange(40)}", f"t{rng.randrange(30)}", rng.choice(["buy", "view", "like", "return"])
        when = 1_700_000_000 + rng.randrange(50) if rng.random() < 0.8 else ""
        rows.append((who, what, how, when, rng.randrange(1, 4)))
    for number in range(N_PARTS):
        part = folder / f"day-{number}"
        part.mkdir()
        with (part / "did.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("who", "what", "how", "at", "times"), *rows[number::N_PARTS]])
    with (folder / "things.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("id",), *((f"t{number}",) for number in range(30))])
    return [f"tables:{folder / f'day-{number}'}" for number in range(N_PARTS)]


def told(seen: Interactions, users: list[str], items: list[str]) -> list[tuple[object, ...]]:
    """Every interaction by the names of its parts, a time that is unknown as -1."""
    return sorted(
        (users[user], items[item], seen.kinds[kind], time, weight, says)
        for user, item, kind, time, weight, says in zip(
            seen.user.tolist(),
            seen.item.tolist(),
            seen.kind.tolist(),
            np.nan_to_num(seen.time, nan=-1.0).tolist(),
            seen.weight.tolist(),
            seen.says.tolist(),
            strict=True,
        )
    )


def told_of_log(log: InteractionLog) -> list[tuple[object, ...]]:
    users = [user for block in log.blocks for user in log.users_of(block)]
    found = []
    for block in log.blocks:
        found += told(log.interactions(block), users, list(log.items))
    return sorted(found)


@pytest.fixture(scope="module", params=["here", "processes:2"])
def imported(
    request: pytest.FixtureRequest, schema: GraphSchema, parts: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LogImport]:
    with open_executor(request.param) as executor:
        yield import_log(schema, parts, tmp_path_factory.mktemp("columns") / "log", n_blocks=5, executor=executor)


def test_it_has_what_an_import_into_a_graph_has(
    imported: LogImport, schema: GraphSchema, parts: list[str], tmp_path: Path
) -> None:
    things = f"tables:{Path(parts[0].removeprefix('tables:')).parent / 'things.csv'}"
    with open_store(f"kglite:{tmp_path / 'g.kgl'}") as store:
        ingest(schema, [things, *parts], store)
        dataset = read_dataset(store)
    everything = dataset.behaviour
    assert {FOR, HIDES} <= set(everything.says.tolist()) <= {FOR, HIDES, AGAINST}
    assert imported.rows == 1200
    assert told_of_log(imported.log) == told(everything, list(dataset.users), list(dataset.items))


def test_a_user_is_in_one_block_and_rows_are_sorted(imported: LogImport) -> None:
    log = imported.log
    users = [user for block in log.blocks for user in log.users_of(block)]
    assert len(set(users)) == len(users) == log.n_users == 40
    assert sum(block.rows > 0 for block in log.blocks) > 1
    for block in log.blocks:
        user, time = log.column(block, "user"), log.column(block, "time")
        assert isinstance(user, np.memmap)
        np.testing.assert_array_equal(np.lexsort((time, user)), np.arange(block.rows))


def test_the_matrix_and_the_counts_are_those_of_all_interactions(imported: LogImport) -> None:
    log = imported.log
    whole = [log.interactions(block) for block in log.blocks]
    speaking = [part.saying(FOR) for part in whole]
    user, item = (np.concatenate([getattr(part, name) for part in speaking]) for name in ("user", "item"))
    expected = np.zeros((log.n_users, log.n_items), np.float32)
    expected[user, item] = 1.0
    matrix = log.matrix()
    assert matrix.has_canonical_format
    np.testing.assert_array_equal(matrix.toarray(), expected)
    counts = log.counts()
    np.testing.assert_array_equal(counts.by_item, np.bincount(item, minlength=log.n_items))
    kind = np.concatenate([part.kind for part in whole])
    np.testing.assert_array_equal(counts.by_kind, np.bincount(kind, minlength=len(whole[0].kinds)))
    time = np.concatenate([part.time for part in whole])
    assert (counts.first, counts.last) == (np.nanmin(time), np.nanmax(time))


@pytest.mark.parametrize(("fewest", "most", "blocks"), [(64, 512, 64), (1, 512, N_PARTS), (1, 3, 3)])
def test_blocks_are_as_many_as_parts_within_limits(
    fewest: int,
    most: int,
    blocks: int,
    schema: GraphSchema,
    parts: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kgrec.learn.columns.log_import._FEWEST", fewest)
    monkeypatch.setattr("kgrec.learn.columns.log_import._MOST", most)
    assert len(import_log(schema, parts, tmp_path / "log").log.blocks) == blocks


def test_what_was_there_stays_where_an_import_fails(schema: GraphSchema, parts: list[str], tmp_path: Path) -> None:
    place = tmp_path / "log"
    before = told_of_log(import_log(schema, parts[:1], place).log)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "did.csv").write_text("who,what,how,at,times\nann,t1,buy,yesterday,1\n")
    with pytest.raises(RecordError):
        import_log(schema, [*parts, f"tables:{broken}"], place)
    assert told_of_log(InteractionLog.open(place)) == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    done = import_log(schema, [parts[0], f"tables:{broken}"], place, on_error="skip")
    assert told_of_log(done.log) == before
    assert [problem.rows for problem in done.problems] == [1]


def test_what_cannot_be_is_refused(schema: GraphSchema, parts: list[str], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nothing to import"):
        import_log(schema, [], tmp_path / "log")
    (tmp_path / "notes.txt").write_text("keep me")
    with pytest.raises(SourceError, match="a log cannot be written here"):
        import_log(schema, parts, tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "did.csv").write_text("who,what,how,at,times\n")
    with pytest.raises(KgrecError, match="the log has no interactions"):
        import_log(schema, [f"tables:{empty}"], tmp_path / "log")
    with pytest.raises(SourceError, match="there is no log of interactions"):
        InteractionLog.open(tmp_path)
