"""`kgrec schema draft`: a file to correct, and what to do next."""

from __future__ import annotations

import pytest
import yaml

from tests.support.shop import Shell, refused


def test_a_draft_is_written_and_passes_the_check(shell: Shell) -> None:
    rows = "".join(f"u{n % 7},f{n % 5},2024-01-{1 + n % 28:02d}\n" for n in range(60))
    shell.write(ratings="user,film,time\n" + rows, films="film,title\n" + "".join(f"f{n},T {n}\n" for n in range(5)))
    (shell.folder / "data/users.csv").unlink()
    said = shell("schema", "draft", "tables:data", "--out", "own.yaml")
    assert (said.code, said.err) == (0, "")
    assert "5 of 5 values of ratings.film are in films.film" in said.out
    assert "kgrec ingest --schema own.yaml --source tables:data" in said.out
    text = (shell.folder / "own.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(text)["nodes"]["Film"]["role"] == "item"
    assert shell("check", "--schema", "own.yaml", "--source", "tables:data").code == 0


def test_as_json(shell: Shell) -> None:
    rows = "".join(f"u{n % 7},f{n % 5}\n" for n in range(60))
    shell.write(ratings="user,film\n" + rows)
    said = shell("schema", "draft", "tables:data/ratings.csv", "--out", "own.yaml", "--json").json
    assert said["schema"] == "own.yaml"
    assert said["look_at"] == []
    assert {"what": "node User (user)", "source": "ratings.user"}.items() <= said["guesses"][0].items()


def test_corrections_are_not_written_over(shell: Shell) -> None:
    shell.write()
    refused(
        shell,
        2,
        "ConfigError: the file is there already.\n"
        "  where     --out shop.yaml\n"
        "  found     a file that may hold corrections of yours\n"
        "  expected  a new path\n"
        "  next      name another path with --out, or remove the file\n",
        *("schema", "draft", "tables:data", "--out", "shop.yaml"),
    )


def test_a_folder_that_is_not_there(shell: Shell) -> None:
    rows = "".join(f"u{n % 7},f{n % 5}\n" for n in range(60))
    shell.write(ratings="user,film\n" + rows)
    said = shell("schema", "draft", "tables:data/ratings.csv", "--out", "nowhere/own.yaml")
    assert (said.code, said.out) == (2, "")
    assert "--out nowhere/own.yaml" in said.err


def test_the_home_folder(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f"u{n % 7},f{n % 5}\n" for n in range(60))
    shell.write(ratings="user,film\n" + rows)
    monkeypatch.setenv("HOME", str(shell.folder))
    assert shell("schema", "draft", "tables:~/data/ratings.csv", "--out", "~/own.yaml").code == 0
    assert (shell.folder / "own.yaml").is_file()
