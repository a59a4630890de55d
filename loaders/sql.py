"""SQL: any database that SQLAlchemy reaches, one query, one table.

sql:sqlite:///shop.db#ratings=SELECT user_id, item_id, stars FROM reviews
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import sqlalchemy as sa

from kgrec.data.records import Table
from kgrec.errors import SourceError, shorten
from kgrec_loaders.import_script import run
from kgrec_loaders.mixed_columns import column
from kgrec_loaders.source_files import BATCH_ROWS

_LOCATION = "URL#TABLE=SELECT ..., e.g. sqlite:///shop.db#ratings=SELECT user_id, item_id, stars FROM reviews"
_PARTS = re.compile(r"(.+?)#(\w+)=(.*\S.*)", re.DOTALL)
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|--[^\n]*|/\*.*?\*/", re.DOTALL)
_SECRET = re.compile("pass|pwd|secret|token|key", re.IGNORECASE)


class SqlLoader:
    """Reads one query in a transaction that may only read, a batch of rows at a time.

    Every cell keeps the type that the driver gives it, whatever stands beside it; :mod:`kgrec_loaders.mixed_columns`.

    Args:
        location: ``URL#TABLE=QUERY``: where to connect, how the schema calls the table, one SELECT or WITH statement.
    """

    def __init__(self, location: str = "") -> None:
        self._location = location

    def tables(self) -> Iterator[Table]:
        """Yield the one table.

        Raises:
            SourceError: the location is not of the form above, or (while the batches are read) the database cannot
                be reached or refuses the query. No message shows a password.
        """
        parts = _PARTS.fullmatch(self._location)
        if parts is None:
            raise SourceError(
                "the location names no database, table and query.",
                found="no '#TABLE=' between an address and a query" if self._location else "an empty location",
                expected=_LOCATION,
                next="put the location into quotes, so that the shell leaves it in one piece",
            )
        url, name, query = parts.groups()
        try:
            address = sa.make_url(url)
        except (sa.exc.ArgumentError, ValueError) as error:
            raise SourceError(
                "the database address is not a URL.",
                where=f"table {name}",
                found=shorten(url.partition(":")[0]) + " and what follows it",
                expected="DIALECT://USER:PASSWORD@HOST:PORT/DATABASE, as SQLAlchemy reads it",
                next="write special characters of user and password in % notation",
            ) from error
        where = f"sql:{address.set(query={}).render_as_string(hide_password=True)}, table {name}"
        yield Table(name, _batches(address, _one_select(query, where), where), where)


def _one_select(query: str, where: str) -> str:
    """The query without a closing semicolon, if it is a single reading statement."""
    bare = _QUOTED.sub(" ", query).strip().rstrip(";").rstrip()
    if ";" in bare or not re.match(r"(select|with)\b", bare, re.IGNORECASE):
        raise SourceError(
            "the query is not one SELECT.",
            where=where,
            found=shorten(query.strip()),
            expected="a single statement that starts with SELECT or WITH",
            next="leave out everything else; a loader only reads",
        )
    return query.strip().rstrip(";").rstrip()


def _batches(url: sa.URL, query: str, where: str) -> Iterator[pa.RecordBatch]:
    # SQLite would make an empty database of a mistyped name.
    file = os.path.expanduser(url.database or "") if url.get_backend_name() == "sqlite" else None
    url = url.set(database=file) if file else url
    if file and not file.startswith((":memory:", "file:")) and not Path(file).is_file():
        raise SourceError(
            "the database file does not exist.",
            where=where,
            found="nothing at this path",
            expected="a SQLite file",
            next="check the path; after sqlite:/// it is relative, after sqlite://// absolute",
        )
    try:
        engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
        with engine.connect() as connection:
            _read_only(connection)
            # Without parameters no driver takes % for a place to put one; colons of the query are none of SQLAlchemy's.
            streamed = {"stream_results": True, "max_row_buffer": BATCH_ROWS}
            with connection.execute(sa.text(query.replace(":", r"\:")), execution_options=streamed) as result:
                names = list(result.keys())
                _check_names(names, where)
                empty = True
                while rows := result.fetchmany(BATCH_ROWS):
                    empty = False
                    columns = [column(values) for values in zip(*rows, strict=True)]
                    yield pa.RecordBatch.from_arrays(columns, names)
                if empty:
                    yield pa.RecordBatch.from_arrays([pa.array([], pa.string()) for _ in names], names)
    except (ModuleNotFoundError, sa.exc.NoSuchModuleError) as error:
        raise SourceError(
            "there is no driver for this database.",
            where=where,
            found=_without_secrets(str(error), url),
            expected="an installed SQLAlchemy dialect and driver",
            next="install the driver, e.g. `pip install psycopg` for postgresql+psycopg://",
        ) from None  # the driver's own text may hold the password
    except (sa.exc.SQLAlchemyError, TypeError) as error:  # TypeError: an option in the URL that the driver refuses
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise SourceError(
            "the database did not answer the query.",
            where=where,
            found=shorten(_without_secrets(reason, url)).strip("'\""),
            expected="a reachable database and a query it can run",
            next="run the query with the database's own client first",
        ) from None


_READ_ONLY = {
    "sqlite": "PRAGMA query_only = ON",
    "postgresql": "SET TRANSACTION READ ONLY",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
    "oracle": "SET TRANSACTION READ ONLY",
}


def _read_only(connection: sa.Connection) -> None:
    """Let the database refuse whatever would write, a function that the query calls included, where it can."""
    statement = _READ_ONLY.get(connection.dialect.name)
    if statement is not None:
        connection.exec_driver_sql(statement)
        if "SESSION" in statement:  # holds from the next transaction on
            connection.rollback()


def _check_names(names: list[str], where: str) -> None:
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise SourceError(
            "the query gives two columns the same name.",
            where=where,
            found=f"{repeated} {names.count(repeated)} times",
            expected="one different name per column",
            next="name them with AS",
        )


def _without_secrets(text: str, url: sa.URL) -> str:
    secrets = [url.password] + [v for k, v in url.query.items() if _SECRET.search(k)]
    for secret in secrets:
        if secret:
            text = text.replace(str(secret), "***")
    return text


if __name__ == "__main__":
    run("sql", default_schema="")
