"""Names of a delimited file's columns, as its first row has them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kgrec.errors import SourceError, shorten

_NUMBER = re.compile(r"[-+]?\d+([.,]\d+)?([eE][-+]?\d+)?")
_MOMENT = re.compile(r"(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[/.]\d{1,2}[/.]\d{2,4})([ T].*)?|\d{9,}")
_MOST_NAMED = 8
_NEXT = "name the columns in the first row of the file; if that row is data, write names above it"


def check_header(names: Sequence[str], where: str) -> str | None:
    """What is odd about the names of columns, None where nothing is; no name is fine, and so is what pandas counts.

    Args:
        where: the header, for messages.

    Raises:
        SourceError: no name at all, one of several columns, or a first row that is data.
    """
    given = [name.strip() for name in names if name.strip()]
    repeated = list(dict.fromkeys(name for name in names if name.strip() and names.count(name) > 1))
    if repeated or not given:
        raise SourceError(
            "the header does not name every column once.",
            where=where,
            found=", ".join(f"{shorten(name)} {names.count(name)} times" for name in repeated) or "no name at all",
            expected="one different name per column",
            next=_NEXT,
        )
    odd = [name for name in given if _NUMBER.fullmatch(name) or _MOMENT.fullmatch(name)]
    if len(odd) == len(given) and given != [str(number) for number in range(len(given))]:
        raise SourceError(
            "the file has no header.",
            where=where,
            found=", ".join(map(shorten, given[:_MOST_NAMED])) + (", ..." if len(given) > _MOST_NAMED else ""),
            expected="names of columns in the first row, such as user, item, time",
            next="write a line of names above the first row",
        )
    if moments := [name for name in given if _MOMENT.fullmatch(name)]:
        return (
            f"its first row is read as names of columns, and {', '.join(map(shorten, moments))} may be data; "
            "if so, write a line of names above it"
        )
    return None
