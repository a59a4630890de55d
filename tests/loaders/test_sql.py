"""SQL: one reading query, in batches, and no password in any message."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from kgrec.data.records import Table
from kgrec.errors import SourceError
from kgrec_loaders.sql import SqlLoader, _read_only


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE reviews (user TEXT, stars REAL, mixed)")
    connection.executemany(
        "INSERT INTO reviews VALUES (?, ?, ?)", [("a", 1.5, 1), ("b", None, "two"), ("c%d", 3, None)]
    )
    connection.commit()
    connection.close()
    return path


def read(location: str) -> Table:
    (table,) = SqlLoader(location).tables()
    return table


def message(location: str) -> str:
    with pytest.raises(SourceError) as caught:
        list(read(location).batches)
    return str(caught.value)


def test_a_query_is_a_table(database: Path) -> None:
    table = read(
        f"sqlite:///{database}#ratings=SELECT user AS u, stars, mixed FROM reviews WHERE user != '; :x #a=b' ;"
    )
    assert (table.name, table.where) == ("ratings", f"sql:sqlite:///{database}, table ratings")
    assert [row for batch in table.batches for row in batch.to_pylist()] == [
        {"u": "a", "stars": 1.5, "mixed": 1},
        {"u": "b", "stars": None, "mixed": "two"},
        {"u": "c%d", "stars": 3.0, "mixed": None},
    ]


def test_a_large_result_comes_in_batches(database: Path) -> None:
    query = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 45000) SELECT i FROM n"
    assert [b.num_rows for b in read(f"sqlite:///{database}#n={query}").batches] == [20_000, 20_000, 5_000]


def test_no_rows_still_have_columns(database: Path) -> None:
    (batch,) = read(f"sqlite:///{database}#n=SELECT user, stars FROM reviews WHERE 0").batches
    assert (batch.num_rows, batch.schema.names) == (0, ["user", "stars"])


def test_a_batch_read_half_leaves_nothing_open(database: Path) -> None:
    told: list[str] = []
    listeners = [(sa.pool.Pool, name, lambda *_, name=name: told.append(name)) for name in ("connect", "close")]
    for listener in listeners:
        sa.event.listen(*listener)
    try:
        batches = iter(read(f"sqlite:///{database}#n=SELECT * FROM reviews").batches)
        next(batches)
        assert told == ["connect"]
        batches.close()  # type: ignore[attr-defined]
        assert told == ["connect", "close"]
    finally:
        for listener in listeners:
            sa.event.remove(*listener)


@pytest.mark.parametrize(
    "query",
    ["DELETE FROM reviews", "SELECT 1; DELETE FROM reviews", "/* SELECT */ DROP TABLE reviews", "selection"],
)
def test_only_one_select(database: Path, query: str) -> None:
    assert message(f"sqlite:///{database}#t={query}") == (
        f"SourceError: the query is not one SELECT.\n  where     sql:sqlite:///{database}, table t\n"
        f"  found     {query!r}\n  expected  a single statement that starts with SELECT or WITH\n"
        "  next      leave out everything else; a loader only reads"
    )


def test_percent_signs_and_colons_are_the_query_s_own(database: Path) -> None:
    query = "SELECT user, '%(a)s :b %% \\:c' AS odd, 5 % 3 AS rest FROM reviews WHERE user LIKE '%d%' OR user = ':x'"
    rows = [row for batch in read(f"sqlite:///{database}#t={query}").batches for row in batch.to_pylist()]
    assert rows == [{"user": "c%d", "odd": "%(a)s :b %% \\:c", "rest": 2}]


def test_the_database_refuses_to_write(database: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        _read_only(connection)
        with pytest.raises(sa.exc.OperationalError, match="readonly"):
            connection.exec_driver_sql("DELETE FROM reviews")
    engine.dispose()


def test_no_such_table(database: Path) -> None:
    assert message(f"sqlite:///{database}#t=SELECT * FROM nowhere") == (
        f"SourceError: the database did not answer the query.\n  where     sql:sqlite:///{database}, table t\n"
        "  found     no such table: nowhere\n  expected  a reachable database and a query it can run\n"
        "  next      run the query with the database's own client first"
    )


def test_no_such_file(tmp_path: Path) -> None:
    path = tmp_path / "no.db"
    assert message(f"sqlite:///{path}#t=SELECT 1") == (
        f"SourceError: the database file does not exist.\n  where     sql:sqlite:///{path}, table t\n"
        "  found     nothing at this path\n  expected  a SQLite file\n"
        "  next      check the path; after sqlite:/// it is relative, after sqlite://// absolute"
    )
    assert not path.exists()


def test_no_database_at_all(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("this is text, and not a database file, " * 50)
    assert "  found     file is not a database\n" in message(f"sqlite:///{tmp_path}/a.db#t=SELECT * FROM x")


def test_columns_of_one_name(database: Path) -> None:
    assert "  found     user 2 times\n" in message(f"sqlite:///{database}#t=SELECT user, user FROM reviews")


@pytest.mark.parametrize(
    "location", ["", "sqlite:///x.db", "sqlite:///x.db#SELECT 1", "#t=SELECT 1", "sqlite:///x#t= "]
)
def test_a_location_of_another_form(location: str) -> None:
    found = "no '#TABLE=' between an address and a query" if location else "an empty location"
    assert message(location) == (
        f"SourceError: the location names no database, table and query.\n  found     {found}\n"
        "  expected  URL#TABLE=SELECT ..., "
        "e.g. sqlite:///shop.db#ratings=SELECT user_id, item_id, stars FROM reviews\n"
        "  next      put the location into quotes, so that the shell leaves it in one piece"
    )


@pytest.mark.parametrize(
    "url",
    [
        "nodialect://me:hunter2@host/db",
        "postgresql+nodriver://me:hunter2@host/db",
        "nodialect://host/db?password=hunter2",
        "://me:hunter2@host",
        "me:hunter2@host/db",
    ],
)
def test_no_message_shows_a_password(url: str) -> None:
    assert "hunter2" not in message(f"{url}#t=SELECT 1")


def test_a_driver_that_repeats_the_password_is_cleaned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlalchemy as sa

    def refuse(*_: object, **__: object) -> None:
        raise sa.exc.OperationalError("connect", {}, Exception("cannot reach host as me with hunter2"))

    monkeypatch.setattr("kgrec_loaders.sql.sa.create_engine", refuse)
    assert "hunter2" not in message("sqlite://me:hunter2@#t=SELECT 1")
