"""A small set of things as people have it: five tables of the schema ``triples``, written in the way a test needs."""

from __future__ import annotations

from pathlib import Path

ITEMS = [str(number) for number in range(10, 40)]
USERS = [str(number) for number in range(100, 110)]
TAKEN = [(user, ITEMS[(3 * place + 7 * step) % 30]) for place, user in enumerate(USERS) for step in range(4)]

TABLES: dict[str, list[list[str]]] = {
    "users": [["user"], *([user] for user in USERS)],
    "items": [["item", "name", "text"], *([item, f"Thing {item}", ""] for item in ITEMS)],
    "entities": [["entity", "name"], ["red", "Red"], ["blue", "Blue"]],
    "facts": [
        ["head_type", "head", "relation", "tail_type", "tail"],
        *(["Item", item, "genre", "Entity", ("red", "blue")[place % 2]] for place, item in enumerate(ITEMS)),
    ],
    "interactions": [
        ["user", "item", "kind", "time", "weight"],
        *([user, item, "buy", str(1_700_000_000 + 60 * place), "1"] for place, (user, item) in enumerate(TAKEN)),
    ],
}


def text_of(table: str, delimiter: str = ",") -> str:
    """A table as text, its cells unquoted."""
    return "".join(delimiter.join(row) + "\n" for row in TABLES[table])


def write_things(folder: Path, suffix: str = ".csv", **changed: str | None) -> Path:
    """The tables as files; ``items=...`` puts another text in the place of items.csv, None leaves the file out."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        text = changed.get(name, text_of(name, "\t" if suffix == ".tsv" else ","))
        if text is not None:
            (folder / f"{name}{suffix}").write_text(text, encoding="utf-8")
    return folder
