"""Mapped arrays are those that the safetensors package wrote; a file that is none is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from kgrec.bundle.mapped_arrays import mapped_arrays
from kgrec.data.dataset import Array


def test_arrays_are_those_that_were_written(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    written: dict[str, Array] = {
        f"{dtype}.{n}": np.asarray(rng.random(shape) * 100, dtype)
        for dtype in ("bool", "int8", "uint8", "int16", "float16", "int32", "float32", "int64", "uint64", "float64")
        for n, shape in enumerate([(3,), (0,), (2, 5), (0, 4), ()])
    }
    save_file(written, tmp_path / "a.safetensors", metadata={"of": "a test"})
    mapped = mapped_arrays(tmp_path / "a.safetensors")
    assert mapped.keys() == written.keys()
    for name, array in written.items():
        assert (mapped[name].dtype, mapped[name].flags.writeable) == (array.dtype, False)
        np.testing.assert_array_equal(mapped[name], array, err_msg=name)


def test_no_arrays_at_all(tmp_path: Path) -> None:
    save_file({}, tmp_path / "a.safetensors")
    assert mapped_arrays(tmp_path / "a.safetensors") == {}


def test_they_outlive_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_file({"a": np.arange(5)}, path)
    mapped = mapped_arrays(path)
    path.unlink()
    assert mapped["a"].tolist() == [0, 1, 2, 3, 4]


def header(**changes: Any) -> bytes:
    text = json.dumps({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **changes}}).encode()
    return len(text).to_bytes(8, "little") + text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has a header of 0 bytes"),
        (b"\xff" * 20, "has a header of"),
        (header()[:-4], "has a header of"),
        (header(data_offsets=[0, 4]) + bytes(8), "a does not lie where"),
        (header(data_offsets=[-8, 0]) + bytes(8), "a does not lie where"),
        (header() + bytes(7), "a does not lie where"),
        (header(shape=[3]) + bytes(8), "a does not lie where"),
        (header(dtype="F8") + bytes(8), "a is of type F8, known are BOOL"),
        (header()[:8] + b"{" + header()[9:-1] + b"x" + bytes(8), "delimiter"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        mapped_arrays(path)
