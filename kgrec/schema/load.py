"""Reading a graph schema: by the name of one that comes with kgrec, from a file, or from YAML text."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from kgrec.errors import ConfigError, SchemaError, did_you_mean
from kgrec.plain_text import local_path
from kgrec.schema.model import GraphSchema
from kgrec.schema.rules import broken_rules
from kgrec.schema.yaml_lines import model_problems, read_yaml, refuse


def shipped_schemas() -> tuple[str, ...]:
    """Names of the schemas that come with kgrec."""
    files = (file.name for file in resources.files("kgrec_schemas").iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in files if name.endswith(".yaml")))


def load_schema(name_or_path: str | Path) -> GraphSchema:
    """Read a schema by shipped name (``movies``) or from a YAML file.

    Raises:
        ConfigError: no such name, no such file.
        SchemaError: the file has problems; all of them are listed, each with its line.
    """
    if str(name_or_path) in shipped_schemas():
        source = resources.files("kgrec_schemas") / f"{name_or_path}.yaml"
        return parse_schema(source.read_text(encoding="utf-8"), f"graph_schemas/{name_or_path}.yaml")
    path = local_path(name_or_path)
    if not path.is_file():
        known = shipped_schemas()
        raise ConfigError(
            f"no graph schema '{name_or_path}'.",
            found=f"neither a shipped name nor a file{did_you_mean(str(name_or_path), known, before=', ')}",
            expected=f"one of {', '.join(known)}, or the path of a YAML file",
        )
    try:
        return parse_schema(path.read_text(encoding="utf-8"), str(path))
    except UnicodeDecodeError as error:
        raise SchemaError("the schema is not readable YAML.", where=str(path), expected="text in UTF-8") from error


def parse_schema(text: str, file: str) -> GraphSchema:
    """Read a schema from YAML text; ``file`` is what messages call it.

    Raises:
        SchemaError: as :func:`load_schema`.
    """
    yaml_file = read_yaml(text, file)
    problems = [*yaml_file.problems, *broken_rules(yaml_file.data)]
    try:
        schema = GraphSchema.model_validate(yaml_file.data)
    except ValidationError as error:
        problems += model_problems(error, GraphSchema)
        schema = None
    refuse(problems, yaml_file.origin)
    assert schema is not None  # otherwise there were problems
    schema._origin = yaml_file.origin
    return schema
