"""What must hold between the parts of a schema: each broken rule names its line."""

from __future__ import annotations

import pytest

from tests.support.schemas import GOOD, problems_of


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "role: item",
            "role: user",
            "line 4, nodes: found no node type with `role: item`, expected exactly one",
        ),
        (
            "domain: games\n",
            "",
            "line 1, domain: is missing",
        ),
        (
            "words: {en: player, zh: 玩家}",
            "words: {en: player, zh: 玩家, French: joueur}",
            "line 7, nodes.Player.words.French: found 'French', expected the code of a language, such as fr or pt-BR",
        ),
        (
            "year: {type: number}",
            "year: {type: number, personal: mask}",
            "line 15, nodes.Game.properties.year.personal: a pseudonym is no number, expected type id, category, text, "
            "or `personal: drop`",
        ),
        (
            "name: {type: text, embed: true}",
            "name: {type: text, embed: true, personal: mask}",
            "line 14, nodes.Game.properties.name.personal: the language model would read it, expected `embed: false`",
        ),
        (
            "year: {type: number}",
            "year: {type: number, personal: drop, required: true}",
            "line 15, nodes.Game.properties.year.personal: it is left out of every row, expected `required: false`",
        ),
        (
            "    properties:\n      name: {type: text, embed: true}\n      year: {type: number}",
            "    align: {title: name, year: year}\n    properties:\n      name: {type: text, embed: true}\n"
            "      year: {type: number, personal: drop}",
            "line 13, nodes.Game.align.year: property 'year' is left out of every row, expected another, or "
            "`personal: mask`",
        ),
        (
            "words: {en: player, zh: 玩家}",
            "words: {en: player, zh: 玩家}\n    persons: {keys: [mail]}\n    properties: "
            "{mail: {type: id, personal: drop}}",
            "line 8, nodes.Player.persons.keys.0: property 'mail' is left out of every row, expected another, or "
            "`personal: mask`",
        ),
        (
            "role: item",
            "role: item\n    pseudonymise: true",
            "line 12, nodes.Game.pseudonymise: ids of users only are made pseudonyms, expected `role: user`",
        ),
        (
            "version: 1",
            "version: 2",
            "line 1, version: found 2, expected 1",
        ),
        (
            "domain: games",
            "domain: [games]",
            "line 2, domain: found a list, expected text",
        ),
        (
            "year: released",
            "yaer: released",
            "line 17, nodes.Game.sources.0.columns.yaer: found 'yaer', which is not a declared property, "
            "did you mean 'year'?",
        ),
        (
            "platform: shop, user",
            "platform: shpo, user",
            "line 34, interactions.PLAYED.sources.0.platform: found 'shpo', which is not a declared "
            "platform, did you mean 'shop'?",
        ),
        (
            "SEQUEL_OF:",
            "Game:",
            "line 19, edges.Game: the name is taken by nodes.Game",
        ),
        (
            "SEQUEL_OF:",
            "KgrecFact:",
            "line 19, edges.KgrecFact: names that start with Kgrec are kept for the graph's own bookkeeping",
        ),
        (
            "SEQUEL_OF:",
            "SEQUEL-OF:",
            "line 19, edges.SEQUEL-OF: found 'SEQUEL-OF', expected a letter, then at most 62 letters, "
            "digits and underscores",
        ),
        (
            "year: {type: number}",
            "title: {type: text}",
            "line 15, nodes.Game.properties.title: the name is reserved (uid, aliases, platforms, id, "
            "title, type), expected another",
        ),
        (
            "year: {type: number}",
            "year: {type: number, embed: true}",
            "line 15, nodes.Game.properties.year.embed: a number is not text, expected type text or category",
        ),
        (
            "    role: item\n",
            "    role: item\n    align: {title: name, year: yeer}\n",
            "line 12, nodes.Game.align.year: found 'yeer', which is not a declared property, did you mean 'year'?",
        ),
        (
            "    role: item\n",
            "    role: item\n    align: {title: year, year: name}\n",
            "line 12, nodes.Game.align.year: property 'name' must have type number",
        ),
        (
            "kind: play}",
            "kind: play, kind_column: k}",
            "line 34, interactions.PLAYED.sources.0: expected either `kind` or `kind_column`",
        ),
        (
            "column: game_id, type: Game",
            "column: game_id",
            "line 26, edges.SEQUEL_OF.sources.0.source: expected either `type` or `type_column`",
        ),
        (
            "role: user",
            "role: user\n    role: user",
            "line 7, nodes.Player.role: is written twice",
        ),
    ],
)
def test_each_rule_names_the_line(old: str, new: str, problem: str) -> None:
    assert old in GOOD
    assert problem in problems_of(GOOD.replace(old, new, 1))
