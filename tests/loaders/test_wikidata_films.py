"""The published films of Wikidata, exactly. They come from the cache, else from pip."""

from __future__ import annotations

from typing import Any

import pytest

from kgrec_loaders.wikidata_films import WikidataFilmsLoader

pytestmark = pytest.mark.download


@pytest.fixture(scope="module")
def films() -> list[dict[str, Any]]:
    (table,) = WikidataFilmsLoader().tables()
    assert (table.name, table.rows) == ("wikidata_films", 17_472)
    return [r for b in table.batches for r in b.to_pylist()]


def test_wikidata_films(films: list[dict[str, Any]]) -> None:
    assert len(films) == 17_472
    ids = [row["imdbID"] for row in films]
    assert len(set(ids)) == 17_472
    assert all(ids)
    columns = (
        "imdbID Title Year Rating Runtime Genre Director Writer Cast Metacritic Language Country Production Released"
    )
    assert list(films[0]) == columns.split()
    by_id = {row["imdbID"]: row for row in films}
    assert (by_id["tt0078788"]["Title"], by_id["tt0078788"]["Year"]) == ("Apocalypse Now", 1979)
    assert by_id["tt0078788-3620669"]["Title"] == "Apocalypse Now Redux"
    assert by_id["tt0078788"]["Writer"] == "Francis Ford Coppola, John Milius, Michael Herr"
    assert by_id["tt0078788"]["Production"] == "American Zoetrope"
