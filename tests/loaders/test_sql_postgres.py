"""SQL on a real PostgreSQL: its own types, percent signs, nothing written, rows as they come."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from kgrec.errors import SourceError
from kgrec_loaders.sql import SqlLoader
from tests.support.postgres import PostgresMissingError, server


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """URL of a database with a table of products."""
    pytest.importorskip("pg8000", reason="no pg8000: pip install 'kgrec[dev]'")
    try:
        running = server()
        url = running.__enter__()
    except PostgresMissingError as error:
        if os.environ.get("KGREC_REQUIRE_POSTGRES") == "1":
            pytest.fail(f"KGREC_REQUIRE_POSTGRES=1 and no PostgreSQL to test with: {error}", pytrace=False)
        pytest.skip(f"no PostgreSQL to test with: {error}")
    try:
        engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
        with engine.begin() as connection:
            connection.exec_driver_sql(
                "CREATE TABLE product "
                "(id uuid, price numeric(10, 2), tags text[], raw bytea, at timestamptz, more jsonb)"
            )
            connection.exec_driver_sql(
                "INSERT INTO product VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 10.50, '{red,shiny}', '\\x00ff', "
                """'2026-01-02 03:04:05+01', '{"size": 3}'), (NULL, NULL, '{}', NULL, NULL, NULL)"""
            )
            connection.exec_driver_sql(
                "CREATE FUNCTION sneak() RETURNS int LANGUAGE sql AS 'DELETE FROM product RETURNING 1'"
            )
        yield url
    finally:
        running.__exit__(None, None, None)


def rows_of(url: str, query: str) -> list[dict[str, Any]]:
    (table,) = SqlLoader(f"{url}#t={query}").tables()
    return [row for batch in table.batches for row in batch.to_pylist()]


def test_its_types_come_as_they_are(postgres: str) -> None:
    row, empty = rows_of(postgres, "SELECT * FROM product ORDER BY id NULLS LAST")
    assert row == {
        "id": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "price": Decimal("10.50"),
        "tags": ["red", "shiny"],
        "raw": b"\x00\xff",
        "at": datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC),
        "more": {"json": '{"size": 3}'},
    }
    assert empty == {**dict.fromkeys(row), "tags": []}


def test_percent_signs_and_casts_are_the_query_s_own(postgres: str) -> None:
    query = (
        "SELECT 7 % 4 AS rest, 'a%s:b'::text AS odd, more->>'size' AS size FROM product WHERE tags::text LIKE '%red%'"
    )
    assert rows_of(postgres, query) == [{"rest": 3, "odd": "a%s:b", "size": "3"}]


def test_what_would_write_is_refused_by_the_database(postgres: str) -> None:
    with pytest.raises(SourceError, match="read-only transaction"):
        rows_of(postgres, "SELECT sneak()")
    with pytest.raises(SourceError, match="data-modifying statements"):
        rows_of(postgres, "WITH gone AS (DELETE FROM product RETURNING 1) SELECT * FROM gone")
    assert rows_of(postgres, "SELECT count(*) AS n FROM product") == [{"n": 2}]


def test_rows_stay_with_the_server_until_they_are_read(postgres: str) -> None:
    (table,) = SqlLoader(f"{postgres}#t=SELECT i, repeat('x', 400) AS text FROM generate_series(1, 200000) i").tables()
    tracemalloc.start()
    try:
        batches = iter(table.batches)
        assert [next(batches).num_rows for _ in range(2)] == [20_000, 20_000]
        assert tracemalloc.get_traced_memory()[1] < 40 * 2**20  # all of them would be 100 MB
    finally:
        tracemalloc.stop()
        batches.close()  # type: ignore[attr-defined]
