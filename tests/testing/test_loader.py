"""Every installed loader, and the one of rdflib's graphs, keep what loaders promise."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import rdflib

from kgrec.data.records import Loader
from kgrec.extract import known_loaders, open_loader
from kgrec.testing.loader import LoaderContract
from kgrec_loaders.rdf import RdfGraphLoader
from kgrec_loaders.wheels import cache_folder
from tests.support.recbole import write_recbole

TRIPLE = "<http://x/alien> <http://x/director> <http://x/scott> .\n"


def test_every_installed_loader_is_on_trial() -> None:
    suites = (*LoaderContract.__subclasses__(), *_FromPackages.__subclasses__())
    assert sorted(suite.name for suite in suites if suite.name) == list(known_loaders())


class TestTables(LoaderContract):
    name = "tables"

    @pytest.fixture
    def location(self, tmp_path: Path) -> str:
        folder = tmp_path / "data"
        (folder / "ratings").mkdir(parents=True)
        (folder / "films.csv").write_text("id,title\n007,Alien\n008,Heat\n")
        (folder / "people.jsonl").write_text('{"id": 1, "films": ["007"]}\n{"id": 2}\n')
        (folder / "empty.csv").write_text("id,title\n")
        pq.write_table(pa.table({"uid": [1, 2, 3]}), folder / "users.parquet")
        for part in ("a", "b"):
            (folder / "ratings" / f"{part}.tsv").write_text(f"user\titem\n{part}\t007\n")
        return str(folder)

    @pytest.fixture
    def faulty(self, tmp_path: Path) -> Mapping[str, Loader]:
        (tmp_path / "short.csv").write_text("a,b\n1\n")
        (tmp_path / "short.jsonl").write_text('{"a": 1\n')
        (tmp_path / "short.parquet").write_text("PAR1")
        names = ("short.csv", "short.jsonl", "short.parquet", "no.csv")
        return {str(tmp_path / name): open_loader(f"tables:{tmp_path / name}") for name in names}

    @pytest.fixture
    def with_bad_rows(self, tmp_path: Path) -> Mapping[str, Loader]:
        files = {
            "few.csv": b"a,b\n1,2\n3\n",
            "many.tsv": b"a\tb\n1\t2\n3\t4\t5\n",
            "text.csv": b"a,b\n1,\xe9\n3,4\n",
            "list.jsonl": b'{"a": 1}\n[1]\n',
            "text.jsonl": b'{"a": 1}\n{"a": "\xe9"}\n',
        }
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
        return {str(tmp_path / name): open_loader(f"tables:{tmp_path / name}") for name in files}


class TestRdf(LoaderContract):
    name = "rdf"

    @pytest.fixture
    def with_bad_rows(self, tmp_path: Path) -> Mapping[str, Loader]:
        files = {
            "no.nt": TRIPLE + "<http://x/a> .\n" + TRIPLE,
            "relative.nt": TRIPLE + TRIPLE.replace("http://x/alien", "a"),
        }
        for name, content in files.items():
            (tmp_path / name).write_text(content)
        return {str(tmp_path / name): open_loader(f"rdf:{tmp_path / name}") for name in files}

    @pytest.fixture
    def location(self, tmp_path: Path) -> str:
        folder = tmp_path / "facts"
        folder.mkdir()
        (folder / "a.nt").write_text(TRIPLE + '_:someone <http://x/name> "Ann"@en .\n')
        (folder / "b.ttl").write_text('@prefix x: <http://x/> .\nx:heat x:year 1995 ; x:by [ x:name "Mann" ] .\n')
        (folder / "d.trig").write_text("<u:g> { <u:a> a <u:Tent>, <u:Thing> ; <u:size> 1, 2 . }")
        (folder / "c.jsonld").write_text('{"@id": "http://x/ronin", "http://x/name": "Ronin"}')
        return str(folder)

    @pytest.fixture
    def faulty(self, tmp_path: Path) -> Mapping[str, Loader]:
        for name in ("broken.nt", "broken.ttl", "broken.jsonld"):
            (tmp_path / name).write_text("<http://x/alien")
        (tmp_path / "empty.nt").write_text("")
        names = ("broken.nt", "broken.ttl", "broken.jsonld", "empty.nt", "no.nt")
        return {str(tmp_path / name): open_loader(f"rdf:{tmp_path / name}") for name in names}


class TestRdfGraph(LoaderContract):
    @pytest.fixture
    def loader(self) -> Loader:
        return RdfGraphLoader(rdflib.Graph().parse(data=TRIPLE, format="nt"), "films")

    @pytest.fixture
    def faulty(self) -> Mapping[str, Loader]:
        return {"rdf:nothing": RdfGraphLoader(rdflib.Graph(), "nothing")}


class TestSql(LoaderContract):
    name = "sql"

    @pytest.fixture
    def location(self, tmp_path: Path) -> str:
        with sqlite3.connect(tmp_path / "shop.db") as database:
            database.execute("CREATE TABLE reviews (user TEXT, stars INTEGER)")
            database.executemany("INSERT INTO reviews VALUES (?, ?)", [("ann", 5), ("bob", None)])
        return f"sqlite:///{tmp_path / 'shop.db'}#ratings=SELECT user, stars FROM reviews ORDER BY user"

    @pytest.fixture
    def faulty(self, location: str, tmp_path: Path) -> Mapping[str, Loader]:
        return {
            f"sqlite:///{tmp_path}/no.db": open_loader(f"sql:sqlite:///{tmp_path}/no.db#ratings=SELECT 1"),
            f"sqlite:///{tmp_path}/shop.db": open_loader(f"sql:{location.partition('#')[0]}#ratings=SELECT nothing"),
        }


class TestRecBole(LoaderContract):
    name = "recbole"

    @pytest.fixture
    def location(self, tmp_path: Path) -> str:
        return str(write_recbole(tmp_path / "toy"))

    @pytest.fixture
    def faulty(self, tmp_path: Path) -> Mapping[str, Loader]:
        (tmp_path / "short.inter").write_text("user_id:token\titem_id:token\n1\n")
        (tmp_path / "untyped.inter").write_text("user_id\titem_id\n1\t2\n")
        (tmp_path / "word.inter").write_text("user_id:token\trating:float\n1\tgood\n")
        (tmp_path / "empty.inter").write_text("")
        (tmp_path / "other.csv").write_text("a,b\n")
        names = ("short.inter", "untyped.inter", "word.inter", "empty.inter", "other.csv", "no.inter")
        return {str(tmp_path / name): open_loader(f"recbole:{tmp_path / name}") for name in names}


class TestBenchmark(LoaderContract):
    name = "benchmark"

    @pytest.fixture
    def location(self, tmp_path: Path) -> str:
        folder = tmp_path / "set"
        folder.mkdir()
        (folder / "interactions_train.csv").write_text("user,item,timestamp\na,1,10\nb,2,20\n")
        (folder / "interactions_test.csv").write_text("user,item,timestamp\na,2,30\n")
        (folder / "kg.csv").write_text("head,relation,tail\n1,directed_by,9\n")
        return str(folder)

    @pytest.fixture
    def faulty(self, tmp_path: Path) -> Mapping[str, Loader]:
        (tmp_path / "bare").mkdir()
        (tmp_path / "half").mkdir()
        (tmp_path / "half" / "interactions_all.csv").write_text("user\na\n")
        places = (str(tmp_path / "bare"), str(tmp_path / "half"), str(tmp_path / "no"))
        return {place: open_loader(f"benchmark:{place}") for place in places}


class _FromPackages(LoaderContract):
    """Data that come from the cache, else from pip."""

    @pytest.fixture
    def location(self) -> str:
        return str(cache_folder(""))

    @pytest.fixture
    def faulty(self, tmp_path: Path) -> Mapping[str, Loader]:
        (tmp_path / "file").write_text("no folder")
        return {str(tmp_path / "file"): open_loader(f"{self.name}:{tmp_path / 'file'}")}


@pytest.mark.download
class TestMovieLens100k(_FromPackages):
    name = "movielens100k"


@pytest.mark.download
class TestWikidataFilms(_FromPackages):
    name = "wikidata_films"
