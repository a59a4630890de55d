"""Mistakes in files and schemas, as people see them: the whole message, the exit code, and nothing lost."""

from __future__ import annotations

from tests.support.shop import FILES, IMPORT, SCHEMA, Shell, refused

INGEST = ("ingest", *IMPORT, "--quiet")


CHECK = ("check", *IMPORT)


def test_a_missing_file(shell: Shell) -> None:
    shell.write()
    message = (
        "SourceError: the source does not exist.\n"
        "  where     nowhere/films.csv\n"
        "  found     nothing at this path\n"
        "  expected  a .csv, .tsv, .parquet or .jsonl file (also .gz, .bz2, .xz), or a folder of them\n"
        "  next      check the path; a relative one starts at the folder the command runs in\n"
    )
    for command in ("ingest", "check"):
        refused(shell, 3, message, command, "--schema", "shop.yaml", "--source", "tables:nowhere/films.csv")


def test_another_delimiter_is_read_and_told(shell: Shell) -> None:
    shell.write(films="film;title;year\nalien;Alien;1979\nheat;Heat;1995\n")
    said = shell(*INGEST)
    assert said.code == 0
    assert said.err == "warning: csv:data/films.csv: semicolons separate its cells, not commas\n"


def test_a_missing_column(shell: Shell) -> None:
    shell.write(films="film,titel,year\nalien,Alien,1979\n")
    message = (
        "SourceError: table 'films' has no column 'title'.\n"
        "  where     csv:data/films.csv\n"
        "  found     columns film, titel, year, did you mean 'titel'?\n"
        "  expected  column 'title', from shop.yaml:18\n"
        "  next      correct the column's name in the schema or in the source; "
        "one that may be absent is named in `optional_columns`\n"
    )
    refused(shell, 3, message, *INGEST)


def test_a_bad_number(shell: Shell) -> None:
    shell.write(films="film,title,year\nalien,Alien,1979\nheat,Heat,n/a\n")
    message = (
        "RecordError: property 'year' must be a number.\n"
        "  where     csv:data/films.csv, row 2, node type Film\n"
        "  found     'n/a'   (1 of 2 rows)\n"
        "  expected  a finite number, from shop.yaml:16\n"
        '  next      add `missing: ["n/a"]` to the property, or run `kgrec check` for the full list\n'
    )
    refused(shell, 3, message, *INGEST)
    report = shell(*CHECK, "--json")
    row = {"what": "rows that do not fit: property 'year' must be a number.", "status": "FAIL", "count": 1, "of": 2}
    assert report.code == 3
    assert row | {"first": "csv:data/films.csv, row 2, node type Film: found 'n/a'"} in report.json["checks"]


def test_a_bad_number_stops_an_import_that_goes_on_when_it_is_corrected(shell: Shell) -> None:
    shell.write(ratings="user,film,time\nann,alien,100\nbob,heat,soon\n")
    said = shell(*INGEST)
    assert said.code == 3
    assert said.err.startswith("RecordError: column 'time' must be a time.\n  where     csv:data/ratings.csv, row 2,")
    assert shell("inspect", "--json").json["nodes"] == {"User": 2, "Film": 2}  # what came before it is in
    shell.write()
    assert shell(*INGEST, "--json").json["counts"]["interactions"] == {"WATCHED": 2}


def test_rows_that_are_left_out_on_request_are_listed(shell: Shell) -> None:
    shell.write(films="film,title,year\nalien,Alien,1979\nheat,Heat,n/a\n")
    assert shell(*INGEST, "--on-error", "skip").code == 3
    said = shell(*INGEST, "--on-error", "skip", "--max-dropped", "0.5", "--json")
    assert said.code == 0
    assert said.json["counts"]["nodes"] == {"User": 2, "Film": 1}
    (problem,) = said.json["problems"]
    assert (problem["what"], problem["row"], problem["rows"]) == ("property 'year' must be a number.", 2, 1)


def test_a_dangling_id(shell: Shell) -> None:
    shell.write(ratings=FILES["ratings.csv"] + "bob,ronin,300\n")
    message = (
        "DroppedRowsError: 1 of 3 interactions from table 'ratings' refer to nodes that do not exist.\n"
        "  where     kglite:kgrec.kgl\n"
        "  found     no Film 'ronin'\n"
        "            the import stopped there; kglite:kgrec.kgl holds 2 User, 2 Film, 2 WATCHED\n"
        "  expected  at most 10% of a table's rows left out\n"
        "  next      correct the ids or the schema, or let more rows go with --max-dropped\n"
    )
    refused(shell, 3, message, *INGEST)
    (shell.folder / "kgrec.kgl").unlink()
    said = shell(*INGEST, "--max-dropped", "0.5", "--json")
    assert said.code == 0
    assert said.json["counts"]["interactions"] == {"WATCHED": 2}
    assert [row["dangling"] for row in said.json["tables"]] == [0, 0, 1]
    assert said.err == (
        "note: 1 of 3 interactions from ratings refer to nodes that do not exist and were left out, "
        "such as Film ronin\n"
    )
    report = shell(*CHECK, "--json")
    row = {"what": "interactions of users or items that no table describes", "status": "FAIL", "count": 1, "of": 3}
    assert report.code == 3
    assert row | {"first": "Film 'ronin' in table ratings"} in report.json["checks"]


def test_an_empty_file(shell: Shell) -> None:
    shell.write(films="")
    message = (
        "SourceError: the file is empty.\n"
        "  where     csv:data/films.csv\n"
        "  found     0 bytes of content\n"
        "  expected  a header row\n"
        "  next      check that the export or download of this file finished\n"
    )
    refused(shell, 3, message, *INGEST)
    refused(shell, 3, message, *CHECK)


def test_a_file_with_a_header_only(shell: Shell) -> None:
    shell.write(films="film,title,year\n")
    report = shell(*CHECK, "--json")
    row = {"what": "empty tables of users, items or interactions", "status": "FAIL", "count": 1, "of": 3}
    assert report.code == 3
    assert row | {"first": "table films"} in report.json["checks"]


def test_a_schema_with_three_mistakes(shell: Shell) -> None:
    shell.write()
    schema = SCHEMA.replace("type: number", "type: numbr").replace("columns:", "colums:")
    (shell.folder / "shop.yaml").write_text(schema.replace("item: Film", "item: Movie"), encoding="utf-8")
    message = (
        "SchemaError: 3 problems in the schema.\n"
        "  where     shop.yaml\n"
        "  found     line 16, nodes.Film.properties.year.type: found 'numbr', expected one of id, category, number, "
        "time, text, embedding, did you mean 'number'?\n"
        "            line 18, nodes.Film.sources.0.colums: unknown key, did you mean 'columns'?\n"
        "            line 22, interactions.WATCHED.item: found 'Movie', which is not a node type, expected one of "
        "User, Film\n"
        "  next      see graph_schemas/README.md for every key\n"
    )
    refused(shell, 3, message, *INGEST)
    assert not (shell.folder / "kgrec.kgl").exists()
