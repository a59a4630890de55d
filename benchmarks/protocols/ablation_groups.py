"""Groups of ablations by name: what of kgrec may be varied, whose channels are taken apart in any case."""

from __future__ import annotations

from kgrec.errors import ConfigError

GROUPS = "graph", "text", "depth", "loss", "kg_weight", "text_weight"
"""True, shuffled and no facts; the same of texts; hops; losses; weights of their terms."""


def named_groups(groups: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """Names of groups, each once: ``all``, a comma-separated text or a tuple; none for None.

    Raises:
        ConfigError: a name that no group has.
    """
    given = [part.strip() for part in groups.split(",")] if isinstance(groups, str) else list(groups or ())
    if given == ["all"]:
        return GROUPS
    if unknown := [name for name in given if name not in GROUPS]:
        raise ConfigError(
            "there is no such group of ablations.",
            where="ablations",
            found=", ".join(unknown) or "nothing",
            expected=f"all, or some of {', '.join(GROUPS)}, separated by commas",
            next="correct the names, or leave them out",
        )
    return tuple(dict.fromkeys(given))
