"""Write schema.json and README.md of this folder anew from the models: ``python -m kgrec_schemas``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kgrec.schema.model import GraphSchema
from kgrec.schema.rules import RESERVED_EDGE_PROPERTIES, RESERVED_LABEL_START, RESERVED_PROPERTIES

FOLDER = Path(__file__).parent


def _quoted(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


HEAD = f"""# Graph schemas

A graph schema is one YAML file that says what the rows of your tables mean: which columns become the *nodes* of the
graph (users, items, and the things they are connected with), which become *edges* (facts) and which *interactions*
(what users did). kgrec ships `movies`, `books`, `music`, `recbole` and `triples`; use one by its name, or write your
own and give its path.

Begin with a file that is enough for two tables, `users.csv` and `plays.csv`, and one of items:

```yaml
version: 1
domain: games
platforms:
  shop: {{en: the game shop}}
nodes:
  Player:
    role: user                       # exactly one type is the user ...
    words: {{en: player}}
    sources:
      - {{table: users, platform: shop, id: user_id}}
  Game:
    role: item                       # ... and one the item
    words: {{en: game}}
    properties:
      name: {{type: text, embed: true}}     # what people read, and what the language model reads
      year: {{type: number}}
    sources:
      - {{table: games, platform: shop, id: game_id, columns: {{name: title, year: released}}}}
  Studio:
    words: {{en: studio}}
    sources:
      - {{table: games, platform: shop, id: studios, split: ";"}}
edges:
  MADE_BY:
    source: [Game]
    target: [Studio]
    words: {{en: made by}}      # explanations read "like Chess, it is made by Acme"
    noun: {{en: studio}}        # and "same studio, Acme"; by default the words of the target
    sources:
      - table: games
        platform: shop
        source: {{column: game_id, type: Game}}
        target: {{column: studios, type: Studio, split: ";"}}
interactions:
  PLAYED:
    user: Player
    item: Game
    words: {{en: played}}
    sources:
      - {{table: plays, platform: shop, user: user_id, item: game_id, kind: play, time: at, weight: hours}}
```

`kgrec check` reads your data by the schema and lists what does not fit. All mistakes in a schema file are reported at
once, each with its line. Editors that know JSON Schema can check while you type: `schema.json` in this folder.

Rules beyond the tables below:

- Of users, of items and of each type of interaction one table at least must be there. Another one that no source has
  is passed over. A column that its table lacks is an error, unless `optional_columns` names it. In names of tables and
  columns capitals do not count; what was read under another name is told.
- `where: {{status: [paid, sent]}}` keeps the rows that have one of these in the column, `where_not` leaves such rows
  out; all conditions must hold. Cells are compared as ids are; `""` is the empty cell.
- Ids are texts. What text a value becomes depends on the value alone, so it is the same from every file format and
  database: whole numbers their digits without `.0` (fractions and floats too large to be exact are refused), decimals
  without zeros at the end, booleans `true` and `false`, dates as ISO 8601, texts trimmed and otherwise as they are:
  `007` and `20.0` stay. Letters are compared in their composed form (NFC). Bytes are refused unless `binary` says what
  they are; so are objects. Empty cells and NaN mean that there is nothing.
- A cell that is a list (Parquet, JSON lines, SQL arrays) is several values: several nodes or edges, or a list as
  property. A user, an item, a `name`, and all else of an interaction is one value.
- Times are unix seconds in the graph. Sources may have seconds, milliseconds, microseconds or nanoseconds since 1970,
  recognised by their size over the whole column and told by `kgrec check`; ISO dates; other dates with a format; or
  positions in a sequence, below 100,000,000. A column has one of them. What was done was done between 1970 and 2100.
- Property names kept by the store: {_quoted(RESERVED_PROPERTIES)}; of edges also
  {_quoted(RESERVED_EDGE_PROPERTIES[len(RESERVED_PROPERTIES) :])}. `name` is free: it is what people read.
- `name_zh`, `name_fr`, `name_pt_BR`: the name in one language, by its code. Who reads that language reads it, in lists
  and sentences, and `name` where it is empty. Of RDF, `label@zh` is such a column: `name_zh: label@zh`.
- Names of types start with a letter, go on with letters, digits and underscores, and do not start with
  `{RESERVED_LABEL_START}`. A name is used once, be it of nodes, edges or interactions.
- Aliases of YAML (`*name`) are not understood.
- `personal: drop` leaves a property out of every row, `personal: mask` keeps a pseudonym in its place: HMAC-SHA-256 by
  a key outside the store, so that equal values stay equal. `pseudonymise: true` on the users does the same with their
  ids. Platforms are aligned first, by what they state. The key is in the environment, `KGREC_PSEUDONYM_KEY` or the path
  of its file in `KGREC_PSEUDONYM_KEY_FILE`; without it, or with another one than before, nothing is imported. A graph
  that was imported otherwise is one of another shape.

# What behaviour means

An interaction speaks for its item, against it, hides it, or says nothing. Only what speaks *for* an item is learned
from and named as a reason. What speaks *against* an item hides it from this user's lists, takes back what spoke for it
before (a return the purchase), and speaks against items like it where validation finds that this helps. `filter` hides
and takes back only. Of one user and item, the later interaction counts. Where a kind or its type has no `speaks`:

| interaction | says |
|---|---|
| its kind, or else its type, is called dislike, downvote, hide, block, cancel, return, refund or the like | against |
| likewise skip, ignore or dismiss | nothing |
| any other with a weight below 0; `weights: {{against_up_to: 2}}` draws another line | against |
| any other with a weight of 0; `weights: {{for_from: 4}}` makes it any weight up to there | nothing |
| any other | for |

Rows with the same user, item, kind, platform and time are repeats; `repeats` is `sum`, `max`, `last` or `each` (every
row counts as one interaction). By default rows of one time are one event, of which the last row counts; rows without a
time add up (plays 3, 5 and 1 are 9), but of ratings and what speaks against its item the last counts. Repeats are put
together within one import: import what belongs together at once. `kgrec check` tells what it finds and how it is taken.

```yaml
interactions:
  RATED:
    user: Player
    item: Game
    words: {{en: rated, zh: 评价过}}
    weights: {{against_up_to: 2, for_from: 4, stars: 5}}      # "you rated Chess ★★★★"; 3 says nothing
    sources: [...]
  ORDERED:
    user: Player
    item: Game
    words: {{en: ordered, zh: 订购过}}
    kinds:
      buy: {{words: {{en: bought, zh: 购买过}}, repeats: sum}}
      return: {{speaks: filter, words: {{en: returned, zh: 退回过}}}}
    sources: [...]
```

# Who is one person

Somebody may have several accounts, on one platform or on many. Each is a user node, and stays one; who is one person is
worked out when the graph is read. Accounts are linked by an edge type with `role: same_person`, by an equal key, or by
`kgrec link add`. Who learns and answers sees one history, that of all accounts, each interaction with its platform, and
any of the ids may be asked for. Take the link away, and nothing is left of it.

```yaml
nodes:
  Player:
    role: user
    words: {{en: player}}
    properties:
      email: {{type: id}}                  # a hash will do: it is compared, nothing else
    persons: {{keys: [email], least_confidence: 0.9}}
    sources:
      - {{table: users, platform: shop, id: user_id, columns: {{email: email_sha256}}}}
edges:
  SAME_PERSON:
    role: same_person
    source: [Player]
    target: [Player]
    words: {{en: is the same person as}}
    properties:
      confidence: {{type: number}}         # from 0 to 1; a link that states none is certain
      since: {{type: time}}
    sources:
      - table: logins
        platform: shop
        source: {{column: shop_id, type: Player}}
        target: {{column: forum_id, type: Player}}
        columns: {{confidence: score}}
```

A key that more than `most_accounts` share says nothing, nor does the hash of an empty text or of `unknown`: it is told
at training and by `kgrec link list`. `role: household` joins users with each other or with a node of their household;
it is kept and listed, and they stay persons of their own.

# Every key

This part is generated: run `python -m kgrec_schemas` after changing `kgrec/schema/model.py`.
"""


def json_schema() -> str:
    """The JSON Schema of a graph schema file."""
    return json.dumps(GraphSchema.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


def reference() -> str:
    """The README: a head for newcomers, then a table of keys for each model."""
    whole = GraphSchema.model_json_schema()
    order = ["PropertySpec", "NodeType", "NodeSource", "Alignment", "PersonRules", "EdgeType", "EdgeSource", "Endpoint"]
    models = {"GraphSchema": whole} | {name: whole["$defs"][name] for name in [*order, *sorted(whole["$defs"])]}
    return HEAD + "".join(_section(name, model) for name, model in models.items())


def _section(name: str, model: dict[str, Any]) -> str:
    lines = ["", f"## {name}", "", model["description"], "", "| key | value | default | meaning |", "|---|---|---|---|"]
    for key, spec in model["properties"].items():
        default = "required" if key in model.get("required", ()) else _default(spec)
        lines.append(f"| `{key}` | {_kind(spec)} | {default} | {spec['description']} |")
    return "\n".join(lines) + "\n"


def _default(spec: dict[str, Any]) -> str:
    default = spec.get("default")
    return "none" if default in (None, "", [], {}) else f"`{json.dumps(default)}`"


def _kind(spec: dict[str, Any]) -> str:
    """A type of JSON Schema in words."""
    if "anyOf" in spec:
        return " or ".join(_kind(option) for option in spec["anyOf"] if option.get("type") != "null")
    if "$ref" in spec:
        name = spec["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "enum" in spec or "const" in spec:
        return ", ".join(f"`{value}`" for value in spec.get("enum", [spec.get("const")]))
    if spec["type"] == "array":
        return f"list of {_kind(spec['items'])}"
    if spec["type"] == "object":
        values = spec.get("additionalProperties") or next(iter(spec["patternProperties"].values()))
        return f"mapping of name to {_kind(values)}"
    words = {"string": "text", "boolean": "true or false", "integer": "whole number", "number": "number"}
    return words[spec["type"]]


def main() -> None:
    """Write both files."""
    (FOLDER / "schema.json").write_text(json_schema(), encoding="utf-8")
    (FOLDER / "README.md").write_text(reference(), encoding="utf-8")


if __name__ == "__main__":
    main()
