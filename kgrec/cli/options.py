"""Options of the command line, each declared once."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from kgrec.cli.arguments import installed_language
from kgrec.explanation.wording.languages import known_languages

Schema = Annotated[
    str, typer.Option("--schema", metavar="NAME|PATH", help="A shipped graph schema, such as movies, or a YAML file.")
]
Sources = Annotated[
    list[str],
    typer.Option("--source", metavar="SPEC", help="LOADER or LOADER:LOCATION, such as tables:data/. Can be repeated."),
]
Store = Annotated[
    str, typer.Option("--store", metavar="URL", envvar="KGREC_STORE", help="The graph, such as kglite:PATH.")
]
StoreToRead = Annotated[
    str,
    typer.Option(
        "--store",
        metavar="URL",
        envvar="KGREC_STORE",
        help="The graph, for paths, filters and the newest history; '' does without.",
    ),
]
BundlePath = Annotated[
    str, typer.Option("--bundle", metavar="PATH", envvar="KGREC_BUNDLE", help="What `kgrec train` wrote.")
]
BundleOut = Annotated[
    str, typer.Option("--out", metavar="PATH", envvar="KGREC_BUNDLE", help="Folder to write the bundle to.")
]
Keys = Annotated[
    str,
    typer.Option("--keys", metavar="FILE", envvar="KGREC_KEYS", help="API keys of `kgrec key new`; '' for none."),
]
State = Annotated[
    str,
    typer.Option(
        "--state",
        metavar="FOLDER",
        envvar="KGREC_STATE",
        help="Where it is written down who is forgotten; by default beside the versions of the bundle.",
    ),
]
Events = Annotated[
    str, typer.Option("--events", metavar="PATH", envvar="KGREC_EVENTS", help="File of the event log; '' for none.")
]
Follow = Annotated[
    list[str] | None,
    typer.Option(
        "--follow",
        metavar="ADDRESS",
        envvar="KGREC_FOLLOW",
        help="Take in events as they come: jsonl:FOLDER, redis://HOST/0?stream=NAME, kafka://HOST/TOPIC. "
        "Can be repeated; needs --events.",
    ),
]
User = Annotated[str | None, typer.Option("--user", metavar="ID", help="Whom the answer is for.")]
History = Annotated[
    list[str] | None,
    typer.Option(
        "--history", metavar="ITEM", help="Instead of --user: an item that somebody has chosen. Can be repeated."
    ),
]
At = Annotated[
    float | None,
    typer.Option(
        "--at",
        metavar="SECONDS",
        help="When they ask, unix seconds: how long they were away counts, and what is taken lately.",
    ),
]
Platform = Annotated[
    str | None,
    typer.Option(
        "--platform",
        metavar="NAME",
        help="Items of this platform alone, as what is known of it ranks them; of all where not given.",
    ),
]
Circumstances = Annotated[
    list[str] | None,
    typer.Option(
        "--context",
        metavar="NAME=VALUE",
        help="A circumstance by context column of the schema, such as weather=rain. Can be repeated.",
    ),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where", metavar="CONDITION", help="Such as 'year>=1990', asked of the graph. Can be repeated: all must hold."
    ),
]
Allow = Annotated[list[str] | None, typer.Option("--allow", metavar="ITEM", help="Only these items. Can be repeated.")]
Deny = Annotated[list[str] | None, typer.Option("--deny", metavar="ITEM", help="None of these. Can be repeated.")]
ColdItems = Annotated[
    Literal["include", "only", "exclude"],
    typer.Option("--cold-items", help="Items that nobody had chosen when the model was learned."),
]
Met = Annotated[
    Literal["include", "only", "exclude"],
    typer.Option("--met", help="Items of the history that may come back: viewed or put in a cart, but not bought."),
]
IncludeSeen = Annotated[bool, typer.Option("--include-seen", help="Items of the history may come back.")]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", help="A setting of training, see `kgrec train --help`. Can be repeated."
    ),
]
Executor = Annotated[
    str | None,
    typer.Option(
        "--executor",
        metavar="NAME",
        envvar="KGREC_EXECUTOR",
        help="What runs the work: here, processes:N, ray (workers on this machine), ray://HOST:PORT. "
        "[default: processes for trainings where that is faster, else here]",
    ),
]
Seed = Annotated[int | None, typer.Option("--seed", help="The same as --set seed=...")]
Language = Annotated[
    str,
    typer.Option(
        "--lang",
        metavar="CODE",
        callback=installed_language,
        help=f"Language of reasons: {', '.join(known_languages())}.",
    ),
]
Length = Annotated[
    Literal["short", "standard", "full"] | None,
    typer.Option(
        "--length", help="Of reasons: one line without numbers, two or three sentences, or all there is to say."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Results as one JSON document on stdout, and nothing else there.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Every step of the progress, with its figures.")]

DEFAULT_STORE = "kglite:kgrec.kgl"
DEFAULT_BUNDLE = "kgrec.bundle"
