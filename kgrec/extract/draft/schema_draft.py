"""A graph schema drafted from samples of some sources: every line a guess, with its evidence as a comment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kgrec.data.records import Loader
from kgrec.extract.draft.behaviour_tables import behaviour_tables
from kgrec.extract.draft.column_profiles import profiles_of
from kgrec.extract.draft.described_nodes import add_users_and_items
from kgrec.extract.draft.drafting import Drafting, Guess
from kgrec.extract.draft.header_words import property_name, words_of
from kgrec.extract.draft.interaction_types import add_interactions
from kgrec.extract.draft.item_links import add_link_tables, add_statements
from kgrec.extract.draft.refusal import no_roles
from kgrec.extract.draft.sampled_tables import SampledTable, sampled
from kgrec.extract.draft.table_links import Profiles, links_of
from kgrec.schema.load import parse_schema
from kgrec.schema.model import GraphSchema

_SAYING_NOTHING = ("data", "csv", "files", "tables", "export", "input", "raw", "tmp")
"""Names of folders that do not tell one source from another."""


@dataclass(frozen=True)
class Draft:
    """A drafted schema.

    Attributes:
        text: as YAML, with comments.
        schema: the same, read.
        guesses: what each part was taken from, and why.
        unsure: what a person should look at first, as sentences.
    """

    text: str
    schema: GraphSchema
    guesses: tuple[Guess, ...]
    unsure: tuple[str, ...]


def draft_schema(sources: Sequence[str | Loader]) -> Draft:
    """A graph schema for what some sources hold, guessed from the first rows of every table.

    Raises:
        ConfigError: an unknown loader.
        SourceError: a source that cannot be read, or tables of which none holds interactions.
    """
    samples = sampled(sources)
    profiles: Profiles = {sample.name: tuple(profiles_of(sample)) for sample in samples}
    links = links_of(profiles)
    behaviour = behaviour_tables(profiles, links)
    if not behaviour:
        raise no_roles(samples, profiles, links)
    platform = _platform(sources[0])
    drafting = Drafting(
        samples={sample.name: sample for sample in samples},
        profiles=profiles,
        links={link.column.called: link for link in links},
        behaviour=behaviour,
        platform=platform,
    )
    data = drafting.sheet.data
    data |= {"version": 1, "domain": platform, "platforms": {platform: {"en": platform.replace("_", " ")}}}
    data |= {"nodes": {}, "edges": {}, "interactions": {}}
    add_users_and_items(drafting)
    add_link_tables(drafting)
    add_statements(drafting)
    add_interactions(drafting)
    if not data["edges"]:
        del data["edges"]
    _say_what_was_read(drafting, samples, sources)
    text = drafting.sheet.text()
    return Draft(text, parse_schema(text, "the draft"), tuple(drafting.guesses), tuple(drafting.doubts))


def _say_what_was_read(drafting: Drafting, samples: Sequence[SampledTable], sources: Sequence[str | Loader]) -> None:
    """The comment at the top: where the schema comes from, what is unsure, and which tables are left out."""
    named = " ".join(source if isinstance(source, str) else type(source).__name__ for source in sources)
    head = drafting.sheet.head
    head += [
        f"Drafted from {named}: guesses, each with what speaks for it.",
        "Correct what is wrong; graph_schemas/README.md explains every key.",
    ]
    rows = [
        f"{sample.name} ({'' if sample.whole else 'the first '}{sample.rows.num_rows:,} rows)" for sample in samples
    ]
    head.append(f"Read: {', '.join(rows)}.")
    used = drafting.used | {table.table for table in drafting.behaviour}
    if rest := [sample.name for sample in samples if sample.name not in used]:
        head.append(f"Left out, because nothing joins them with users or items: {', '.join(rest)}.")
    if drafting.doubts:
        head += ["", "Look at these first:", *(f"- {doubt}" for doubt in drafting.doubts)]


def _platform(source: str | Loader) -> str:
    """A name for where the data comes from: that of the folder, the file or the database."""
    if not isinstance(source, str):
        return "source"
    loader, _, location = source.partition(":")
    path = location.partition("#")[0].partition("?")[0]
    names = (property_name("_".join(words_of(Path(part).stem)), "") for part in reversed(path.split("/")))
    return next((name for name in names if name and name not in _SAYING_NOTHING), property_name(loader, "source"))
