"""Reading a YAML file so that every problem in it can be shown with its line.

``compose`` keeps the line of every key; pydantic says where in the data an error is; here the two meet. What the keys
mean is the business of :mod:`kgrec.schema.model` and :mod:`kgrec.schema.rules`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from kgrec.errors import SchemaError, did_you_mean, shorten
from kgrec.schema.forms import LANGUAGE_CODE
from kgrec.schema.origins import Location, Origin, SchemaProblem

_QUICK: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""By libyaml where it is there: a sixth of the time."""
_DEEPEST = 50


@dataclass(frozen=True)
class YamlFile:
    """The data of a YAML file with the line of every key, and the problems found so far."""

    data: Any
    origin: Origin
    problems: tuple[SchemaProblem, ...]


def read_yaml(text: str, file: str) -> YamlFile:
    """Parse YAML and remember lines.

    Raises:
        SchemaError: the text is not YAML; nothing more can be said about such a file.
    """
    try:
        root = _composed(text, file, _QUICK)
    except (yaml.YAMLError, UnicodeEncodeError):
        root = _composed_or_said(text, file)
    lines: dict[Location, int] = {(): 1}
    problems: list[SchemaProblem] = []
    data = {} if root is None else _build(root, (), lines, problems)
    return YamlFile(data, Origin(file, lines), tuple(problems))


def _composed(text: str, file: str, loader: type[Any]) -> yaml.Node | None:
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise _unreadable(file, line, f"the alias *{event.anchor}", "the text written out")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:  # either loader ends the process, or takes hours, where levels are thousands
            raise _unreadable(file, line, f"more than {_DEEPEST} levels", "less than ten")
    return yaml.compose(text, Loader=loader)


def _composed_or_said(text: str, file: str) -> yaml.Node | None:
    """What the plain loader makes of a text that the quick one refuses: its words are the same on every machine."""
    try:
        return _composed(text, file, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _unreadable(file, line, error.problem or "no YAML", "valid YAML, indented with spaces") from error
    except yaml.YAMLError as error:
        raise _unreadable(file, 1, shorten(str(error).splitlines()[0]), "valid YAML in UTF-8") from error


def _unreadable(file: str, line: int, found: str, expected: str) -> SchemaError:
    return SchemaError(
        "the schema is not readable YAML.",
        where=f"{file}, line {line}",
        found=found,
        expected=expected,
        next="correct that line; a value with ': ' or '#' in it needs quotes",
    )


def _build(node: yaml.Node, location: Location, lines: dict[Location, int], problems: list[SchemaProblem]) -> Any:
    """Plain data of a YAML node; notes the line of each key and list entry on the way."""
    if isinstance(node, yaml.MappingNode):
        result: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = _scalar(key_node)
            below = (*location, key)
            if key in result:
                problems.append(SchemaProblem(below, "is written twice"))
            lines[below] = key_node.start_mark.line + 1
            result[key] = _build(value_node, below, lines, problems)
        return result
    if isinstance(node, yaml.SequenceNode):
        entries = []
        for position, entry in enumerate(node.value):
            below = (*location, position)
            lines[below] = entry.start_mark.line + 1
            entries.append(_build(entry, below, lines, problems))
        return entries
    return _scalar(node)


def _scalar(node: yaml.Node) -> Any:
    if not isinstance(node, yaml.ScalarNode):
        return str(node.tag)
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_object(node, deep=True)
    except (yaml.YAMLError, ValueError):
        return node.value


def model_problems(error: ValidationError, model: type[BaseModel]) -> list[SchemaProblem]:
    """What pydantic found, in the words of somebody who writes YAML."""
    problems = []
    for detail in error.errors(include_url=False):
        location, kind, found, context = detail["loc"], detail["type"], detail["input"], detail.get("ctx", {})
        if kind == "extra_forbidden":
            known = _known_keys(model, location[:-1])
            hint = did_you_mean(str(location[-1]), known, before=", ")
            text = f"unknown key{hint or ', expected one of ' + ', '.join(known)}"
        elif kind == "missing":
            text = "is missing"
        elif kind == "literal_error":
            expected = str(context["expected"]).replace("'", "").replace(" or ", ", ")
            guess = did_you_mean(found, expected.split(", "), before=", ") if isinstance(found, str) else ""
            several = "one of " if ", " in expected else ""
            text = f"found {shorten(found)}, expected {several}{expected}{guess}"
        elif kind == "string_pattern_mismatch":
            shape = _CODE_SHAPE if context["pattern"] == LANGUAGE_CODE else _NAME_SHAPE
            text = f"found {shorten(found)}, expected {shape}"
        else:
            text = f"found {_sketch(found)}, expected {_EXPECTED.get(kind, detail['msg'])}"
        problems.append(SchemaProblem(tuple(part for part in location if part != "[key]"), text))
    return problems


_CODE_SHAPE = "the code of a language, such as fr or pt-BR"
_NAME_SHAPE = "a letter, then at most 62 letters, digits and underscores"
_EXPECTED = {
    "string_type": "text",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
    "dict_type": "a mapping of keys",
    "tuple_type": "a list",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "greater_than_equal": "a number that is not negative",
    "string_too_short": "at least one character",
}


def _sketch(value: object) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else shorten(value)


def _known_keys(model: type[BaseModel], location: Location) -> list[str]:
    """Keys allowed at a place, by walking the JSON Schema of the model along the location."""
    whole = model.model_json_schema()
    part: dict[str, Any] = whole
    for step in location:
        part = _resolved(part, whole)
        if isinstance(step, int):
            part = part.get("items", {})
        elif step in part.get("properties", {}):
            part = part["properties"][step]
        else:
            patterns = list(part.get("patternProperties", {}).values())
            part = patterns[0] if patterns else part.get("additionalProperties", {}) or {}
    return list(_resolved(part, whole).get("properties", {}))


def _resolved(part: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    for option in part.get("anyOf", ()):
        if "$ref" in option:
            part = option
    if "$ref" in part:
        name = str(part["$ref"]).rsplit("/", 1)[-1]
        part = whole["$defs"][name]
    return part


def refuse(problems: Iterable[SchemaProblem], origin: Origin) -> None:
    """Raise all problems at once, in the order of the file; do nothing where there are none.

    Raises:
        SchemaError: there is at least one problem.
    """
    lines = sorted({(origin.line(p.location) or 1, ".".join(map(str, p.location)), p.text) for p in problems})
    if lines:
        count = "1 problem" if len(lines) == 1 else f"{len(lines)} problems"
        raise SchemaError(
            f"{count} in the schema.",
            where=origin.file,
            found="\n".join(f"line {line}, {path or 'whole file'}: {text}" for line, path, text in lines),
            next="see graph_schemas/README.md for every key",
        )
