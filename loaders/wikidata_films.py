"""A catalogue of 17,472 films from Wikidata, as bokeh_sampledata 2026.1 ships it in a SQLite file.

Cells with several people, genres, languages, countries or companies hold them separated by commas; the schema splits
them. Two pairs of films share an IMDb id (Apocalypse Now and its Redux, two cuts of one documentary): the later row of
such a pair gets its own id, ``imdbID-ID``, so that neither film overwrites the other.
"""

from __future__ import annotations

from collections.abc import Iterator

from kgrec.data.records import Table
from kgrec_loaders.import_script import run
from kgrec_loaders.sql import SqlLoader
from kgrec_loaders.wheels import Wheel, cache_folder

WHEEL = Wheel(
    requirement="bokeh_sampledata==2026.1",
    file_name="bokeh_sampledata-2026.1-py3-none-any.whl",
    sha256="f40331a40ca30c64a1c1471835aad9006b61b0d9731a3f649ee8cbbf48d3822f",
)

QUERY = """
SELECT CASE row_number() OVER (PARTITION BY omdb.imdbID ORDER BY omdb.ID)
       WHEN 1 THEN omdb.imdbID ELSE omdb.imdbID || '-' || omdb.ID END AS imdbID,
       omdb.Title, omdb.Year, omdb.Rating, omdb.Runtime, omdb.Genre, omdb.Director, omdb.Writer, omdb."Cast",
       omdb.Metacritic, omdb.Language, omdb.Country, tomatoes.Production, omdb.Released
FROM omdb LEFT JOIN tomatoes ON tomatoes.ID = omdb.ID
ORDER BY omdb.ID
"""


class WikidataFilmsLoader:
    """Reads the catalogue into the table ``wikidata_films``.

    Columns: imdbID (unique, never empty), Title, Year, Rating (the age rating), Runtime (minutes), Genre, Director,
    Writer, Cast, Metacritic (0 to 100), Language, Country, Production (companies), Released (ISO date).

    Args:
        location: cache folder; by default ``$KGREC_CACHE`` or ``~/.cache/kgrec``.
    """

    def __init__(self, location: str = "") -> None:
        self._cache = cache_folder(location)

    def tables(self) -> Iterator[Table]:
        """Yield the one table.

        Raises:
            SourceError: the data cannot be fetched.
        """
        path = WHEEL.member("bokeh_sampledata/_data/movies.db", self._cache)
        for table in SqlLoader(f"sqlite:///{path}#wikidata_films={QUERY}").tables():
            yield Table(table.name, table.batches, "wikidata_films", 17_472)


if __name__ == "__main__":
    run("wikidata_films", default_schema="movies")
