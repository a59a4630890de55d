"""Tables as people have them: with names of their own, in several languages, from a shop's export and a music log."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from kgrec.data.records import Table

Columns = Mapping[str, Sequence[object]]


class Tables:
    """A loader of tables that are given as columns."""

    def __init__(self, **tables: Columns) -> None:
        self.given = tables

    def tables(self) -> Iterator[Table]:
        for name, columns in self.given.items():
            whole = pa.table(dict(columns))
            yield Table(name, whole.to_batches(max_chunksize=1_000), f"fake:{name}", whole.num_rows)


def pairs(users: Sequence[str], items: Sequence[str], n: int, seed: int = 0) -> tuple[list[str], list[str]]:
    """Who took what: as many rows, in which everybody and everything occurs."""
    rng = random.Random(seed)
    rows = [
        (users[row % len(users)], items[row % len(items)] if row < len(items) else rng.choice(items))
        for row in range(n)
    ]
    return [user for user, _ in rows], [item for _, item in rows]


CUSTOMERS = [f"K{number:04d}" for number in range(30)]
ARTICLES = [f"A-{number:03d}" for number in range(40)]


def with_names(users: str, items: str, time: str, item_id: str, name: str, maker: str) -> Tables:
    """Two tables, ``log`` and ``things``, whose columns are called so."""
    who, what = pairs(CUSTOMERS, ARTICLES, 200)
    times = [f"2024-01-{1 + row % 28:02d}" for row in range(200)]
    things = {item_id: ARTICLES, name: [f"Thing {row}" for row in range(40)], maker: ["Bosch", "Miele"] * 20}
    return Tables(log={users: who, items: what, time: times}, things=things)


def write_order_export(folder: Path) -> None:
    """Order lines of 20 people, one file as a shop system writes it: money with signs, dates with the month first."""
    rng = random.Random(3)
    kinds = {
        "Kitchen": "Kettle Teapot Mug Tray",
        "Garden": "Trowel Rake Gloves Planter",
        "Office": "Stapler Lamp Pen Desk",
    }
    products = [
        (f"SKU-{1000 + 10 * row + half}", f"{name} {colour}", kind, ("Northwind", "Acme", "Umbra Co")[row % 3])
        for row, (kind, names) in enumerate(kinds.items())
        for half, (name, colour) in enumerate((name, colour) for name in names.split() for colour in ("Red", "Blue"))
    ]
    when, rows = datetime(2024, 1, 2, 9), []
    for order in range(1000, 1180):
        person = rng.randrange(20)
        when += timedelta(hours=rng.uniform(2, 30))
        liked = [product for product in products if product[2] == list(kinds)[person % 3]]
        for sku, name, kind, vendor in rng.sample(liked if rng.random() < 0.8 else products, 2):
            status = "refunded" if rng.random() < 0.1 else "paid"
            buyer = (f"buyer{person}@example.com", f"Buyer {person}")
            line = (sku, name, kind, vendor, rng.choice((1, 1, 2)), f"${5 + len(name)}.50", status)
            rows.append((f"#{order}", *buyer, when.strftime("%m/%d/%Y"), *line))
    lines = "Lineitem SKU,Lineitem Name,Product Type,Vendor,Quantity,Unit Price,Financial Status"
    head = f"Order Number,Email,Customer Name,Order Date,{lines}"
    _write(folder / "orders_export.csv", head.split(","), rows, ",")


def write_music_log(folder: Path) -> None:
    """What 20 people listened to, as tab-separated lines without a table of users or tracks."""
    rng = random.Random(5)
    artists = [f"{first} {last}" for first in ("Velvet", "Neon", "Quiet") for last in ("Foxes", "Harbour", "Choir")]
    tracks = [
        (one, f"{one} {album}", f"{word} over {one}")
        for one in artists
        for album, word in zip("AABB", _WORDS, strict=True)
    ]
    when, rows = datetime(2023, 11, 15, 12, tzinfo=UTC), []
    for _ in range(500):
        person = rng.randrange(20)
        when += timedelta(minutes=rng.uniform(3, 200))
        liked = [track for track in tracks if artists.index(track[0]) // 3 == person % 3]
        rows.append(
            (f"listener_{person:02d}", *rng.choice(liked if rng.random() < 0.8 else tracks), f"{when:%d %b %Y %H:%M}")
        )
    _write(folder / "scrobbles.tsv", ["user", "artist", "album", "track", "timestamp"], rows, "\t")


_WORDS = ("Dawn", "Dusk", "Rain", "Snow")


def _write(path: Path, head: Sequence[str], rows: Sequence[Sequence[object]], delimiter: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(head)
        writer.writerows(rows)
