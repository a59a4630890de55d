"""Texts of values: the one rule that turns a cell into an id, whatever carries it and whatever stands beside it.

A text is what its value alone says, so ``20`` of a CSV file, ``20`` and ``20.0`` of JSON lines, and 20 as an integer,
float or decimal of Parquet or a database are one id:

============================  =========================================================================
value                         text
============================  =========================================================================
text                          itself, without space around it, in Unicode's composed form (NFC) for ids
integer                       its digits
float                         the same where it is whole and small enough to be exact; NaN is nothing;
                              other ones are no ids, because they have lost digits
decimal                       its digits, without an exponent and without zeros at the end
boolean                       ``true``, ``false``
date, time                    as ISO 8601 writes it; moments with a time zone in UTC
UUID                          in small letters, with hyphens
bytes                         refused, or read as the schema says: as UUID, as hexadecimal digits, as UTF-8
lists, objects, durations     refused
============================  =========================================================================
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

LONGEST_ID = 2_000
"""Characters; longer ids are refused, because no index of a graph store keeps them."""

Binary = Literal["uuid", "hex", "text"]
"""How bytes are read."""

_EXACT_BITS = {16: 11, 32: 24, 64: 53}
"""Bits of a whole number that a float of this width holds: from there on two numbers share one float."""

_XSD = "http://www.w3.org/2001/XMLSchema#"
_WHOLE_TYPE = re.compile(
    "integer|(nonPositive|negative|nonNegative|positive)Integer|(unsigned)?(Long|Int|Short|Byte)", re.I
)
_WHOLE = re.compile(r"[+-]?\d+")
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
_FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a cell: the end of 'property x ...', and what should have been there."""

    text: str
    expected: str


NOT_ONE_VALUE = Fault("must be one value", "text, a number or a date, not a nested value")
BYTES = Fault("holds bytes", "text or numbers, or `binary: uuid`, `hex` or `text` in the schema to say what they are")
NOT_UUID = Fault("holds bytes that are no UUID", "16 bytes")
NOT_UTF8 = Fault("must be text", "text in UTF-8")
LONG_ID = Fault("holds an id that is too long", f"at most {LONGEST_ID:,} characters")
NUL_ID = Fault("holds an id with a NUL character", "an id without NUL characters")
INEXACT_ID = Fault("holds an id that is not exact", "ids as text or whole numbers: a decimal number has lost digits")


@dataclass(slots=True)
class Texts:
    """Texts of a column (an Arrow array of strings, null where there is nothing), and faults by position."""

    array: pa.Array
    faults: dict[int, Fault] = field(default_factory=dict)


def id_texts(cells: pa.Array, binary: Binary | None = None) -> Texts:
    """The cells of a column as ids; see the table of this module.

    Args:
        binary: how bytes are read; None refuses them.
    """
    texts = exact_texts(cells, binary)
    texts.array = _composed(texts.array)
    for fault, odd in (
        (LONG_ID, pc.greater(pc.utf8_length(texts.array), LONGEST_ID)),
        (NUL_ID, pc.match_substring(texts.array, "\0")),
    ):
        if pc.any(odd).as_py():
            texts.faults |= dict.fromkeys(rows_of(odd), fault)
    return texts


def exact_texts(cells: pa.Array, binary: Binary | None = None) -> Texts:
    """As :func:`id_texts`, but of any length and form: what is still to be taken apart."""
    return _texts(cells, binary, exact=True)


def value_texts(cells: pa.Array, binary: Binary | None = None) -> Texts:
    """The cells of a column as texts to read: as :func:`id_texts`, but of any length, floats with their fraction."""
    return _texts(cells, binary, exact=False)


def id_fault(uid: str) -> Fault | None:
    """What forbids a text as id, None where nothing does."""
    if len(uid) > LONGEST_ID:
        return LONG_ID
    return NUL_ID if "\0" in uid else None


def literal_text(lexical: str, datatype: str | None) -> str:
    """The text of an RDF literal: the canonical form of numbers and booleans, else the lexical form.

    Serialisations write one number in several ways (``"007"^^xsd:integer``, ``7``); as a value it is the same. What has
    not the form of its datatype stays as it is.
    """
    if datatype is None or not datatype.startswith(_XSD):
        return lexical
    name, text = datatype.removeprefix(_XSD), lexical.strip()
    if _WHOLE_TYPE.fullmatch(name) and _WHOLE.fullmatch(text):
        return _plain_digits(text)
    if name == "decimal" and _DECIMAL.fullmatch(text):
        return _plain_digits(text)
    if name in ("double", "float") and _FLOAT.fullmatch(text):
        number = np.float64(text) if name == "double" else np.float32(text)
        if np.isfinite(number):
            return np.format_float_positional(number + 0, trim="-")  # + 0: zero has no sign
    if name == "boolean" and text in ("true", "false", "1", "0"):
        return "true" if text in ("true", "1") else "false"
    return lexical


def union_parts(cells: pa.UnionArray) -> Iterator[tuple[npt.NDArray[np.int64], pa.Array]]:
    """A column of several types, which Arrow keeps as a dense union, as one column for each type with its rows."""
    if cells.offset:  # of which pyarrow's codes and offsets know nothing
        cells = cells.take(pa.array(np.arange(len(cells))))
    codes = cells.type_codes.to_numpy()
    offsets = cells.offsets.to_numpy()
    for code in np.unique(codes).tolist():
        rows = np.flatnonzero(codes == code)
        yield rows, cells.field(code).take(pa.array(offsets[rows]))


def plain_array(cells: pa.Array) -> pa.Array:
    """A column without its encoding: no dictionary, runs or views, no extension type but UUID."""
    kind = cells.type
    if pa.types.is_string_view(kind) or pa.types.is_binary_view(kind):
        return cells.cast(pa.string() if pa.types.is_string_view(kind) else pa.binary())
    if pa.types.is_dictionary(kind):
        return plain_array(cells.dictionary_decode())
    if pa.types.is_run_end_encoded(kind):
        return plain_array(pc.run_end_decode(cells))
    if isinstance(kind, pa.BaseExtensionType) and kind.extension_name != "arrow.uuid":
        return plain_array(cells.storage)
    return cells


def is_list(kind: pa.DataType) -> bool:
    """Whether cells of this type hold several values."""
    types = pa.types
    fixed = types.is_fixed_size_list(kind)
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_list_view(kind) or fixed)


def _texts(cells: pa.Array, binary: Binary | None, exact: bool) -> Texts:
    cells = plain_array(cells)
    kind, types = cells.type, pa.types
    if types.is_union(kind):
        return _union_texts(cells, binary, exact)
    if types.is_string(kind) or types.is_large_string(kind):
        texts = pc.utf8_trim_whitespace(cells.cast(pa.string()))
        return Texts(pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts))
    if types.is_integer(kind) or types.is_boolean(kind):
        return Texts(cells.cast(pa.string()))
    if types.is_floating(kind):
        return _float_texts(cells, exact)
    if types.is_decimal(kind):
        if kind.scale == 0:
            return Texts(cells.cast(pa.string()))
        plain = [None if cell is None else _plain_digits(format(cell, "f")) for cell in cells.to_pylist()]
        return Texts(pa.array(plain, pa.string()))
    if types.is_date(kind):
        return Texts(cells.cast(pa.date32()).cast(pa.string()))
    if types.is_timestamp(kind):
        texts = pc.strftime(cells.cast(pa.timestamp(kind.unit)), format="%Y-%m-%dT%H:%M:%S")
        texts = _without_zeros(texts, kind.unit)
        return Texts(texts if kind.tz is None else pc.binary_join_element_wise(texts, "+00:00", ""))
    if types.is_time(kind):
        return Texts(_without_zeros(cells.cast(pa.string()), kind.unit))
    if isinstance(kind, pa.BaseExtensionType):  # a UUID
        return _binary_texts(cells.storage, "uuid")
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return _binary_texts(cells, binary)
    return Texts(pa.nulls(len(cells), pa.string()), dict.fromkeys(rows_of(cells.is_valid()), NOT_ONE_VALUE))


def _union_texts(cells: pa.UnionArray, binary: Binary | None, exact: bool) -> Texts:
    every: list[npt.NDArray[np.int64]] = []
    arrays: list[pa.Array] = []
    faults: dict[int, Fault] = {}
    for rows, part in union_parts(cells):
        texts = _texts(part, binary, exact)
        every.append(rows)
        arrays.append(texts.array)
        faults |= {int(rows[position]): fault for position, fault in texts.faults.items()}
    if not arrays:
        return Texts(pa.array([], pa.string()))
    return Texts(pa.concat_arrays(arrays).take(pa.array(np.argsort(np.concatenate(every)))), faults)


def _float_texts(cells: pa.Array, exact: bool) -> Texts:
    numbers = cells.to_numpy(zero_copy_only=False)
    missing = np.isnan(numbers)  # NaN, and null
    with np.errstate(invalid="ignore"):
        whole = (np.floor(numbers) == numbers) & (np.abs(numbers) < 2.0 ** _EXACT_BITS[cells.type.bit_width])
    texts = pa.array(np.where(whole, numbers, 0).astype(np.int64), mask=~whole).cast(pa.string())
    others = ~whole & ~missing
    if not others.any():
        return Texts(texts)
    if exact:
        return Texts(texts, dict.fromkeys(np.flatnonzero(others).tolist(), INEXACT_ID))
    written = [np.format_float_positional(number, trim="-") for number in numbers[others]]
    return Texts(pc.replace_with_mask(texts, pa.array(others), pa.array(written, pa.string())))


def _binary_texts(cells: pa.Array, binary: Binary | None) -> Texts:
    if binary is None:
        return Texts(pa.nulls(len(cells), pa.string()), dict.fromkeys(rows_of(cells.is_valid()), BYTES))
    texts: list[str | None] = []
    faults: dict[int, Fault] = {}
    for row, cell in enumerate(cells.to_pylist()):
        text: str | None = None
        if cell is not None:
            try:
                text = _read_bytes(cell, binary)
            except ValueError:
                faults[row] = NOT_UUID if binary == "uuid" else NOT_UTF8
        texts.append(text)
    return Texts(pa.array(texts, pa.string()), faults)


def _read_bytes(cell: bytes, binary: Binary) -> str | None:
    """Bytes as text; None where they hold nothing.

    Raises:
        ValueError: they are not what they should be.
    """
    if not cell:
        return None
    if binary == "uuid":
        return str(uuid.UUID(bytes=cell))
    return cell.hex() if binary == "hex" else cell.decode().strip() or None


def _plain_digits(text: str) -> str:
    """A decimal number as short as can be, digit by digit: it may have more of them than any number type holds."""
    whole, _, fraction = text.lstrip("+-").partition(".")
    whole, fraction = whole.lstrip("0") or "0", fraction.rstrip("0")
    plain = f"{whole}.{fraction}" if fraction else whole
    return f"-{plain}" if text.startswith("-") and plain != "0" else plain


def _without_zeros(texts: pa.Array, unit: str) -> pa.Array:
    """Times of day without zeros at the end of their seconds' fraction, so that the width of a column does not show."""
    if unit == "s":
        return texts
    return pc.replace_substring_regex(pc.replace_substring_regex(texts, r"(\.\d*?)0+$", r"\1"), r"\.$", "")


def _composed(texts: pa.Array) -> pa.Array:
    if pc.all(pc.string_is_ascii(texts)).as_py() is not False:
        return texts
    return pc.utf8_normalize(texts, form="NFC")


def rows_of(mask: Any) -> list[int]:
    """Positions where a column of booleans is true."""
    found: list[int] = np.flatnonzero(mask.fill_null(False).to_numpy(zero_copy_only=False)).tolist()
    return found
