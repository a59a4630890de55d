"""A small data set of RecBole's: 12 users, 8 items in two groups, facts about each."""

from __future__ import annotations

from pathlib import Path


def write_recbole(folder: Path) -> Path:
    """Write toy.inter, .item, .kg and .link; users of a group choose the items of one colour."""
    folder.mkdir(parents=True, exist_ok=True)
    lines: dict[str, list[str]] = {
        "inter": ["user_id:token\titem_id:token\trating:float\ttimestamp:float"],
        "item": ["item_id:token\ttitle:token_seq\tclass:token_seq\tsizes:float_seq"],
        "kg": ["head_id:token\trelation_id:token\ttail_id:token"],
        "link": ["item_id:token\tentity_id:token"],
    }
    for item in range(8):
        colour = ("red", "blue")[item % 2]
        lines["item"].append(f'0{item}\tThing "{item}"\t{colour} shiny\t{item}.5 2')
        lines["link"].append(f"0{item}\tm.{item}")
        lines["kg"].append(f"m.{item}\tr.colour\tm.{colour}")
    lines["kg"].append("m.red\tr.like\tm.0")
    for user in range(12):
        for step in range(3):
            item = (user % 2 + 2 * (user // 2 + step)) % 8
            lines["inter"].append(f"{user}\t0{item}\t{3 + step}.0\t{1700000000 + 1000 * (3 * user + step)}.0")
    for kind, rows in lines.items():
        (folder / f"toy.{kind}").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder
