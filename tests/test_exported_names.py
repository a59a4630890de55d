"""The public names: each resolves, and none costs anything before it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import kgrec


@pytest.mark.parametrize("name", kgrec.__all__)
def test_every_exported_name_resolves(name: str) -> None:
    value = getattr(kgrec, name)
    assert value.__name__ == name
    assert value.__doc__
    assert name in dir(kgrec)


def test_the_names_are_listed_once_and_in_order() -> None:
    assert kgrec.__all__ == sorted(set(kgrec.__all__))
    assert set(kgrec.__all__) == set(kgrec._HOMES)


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match=r"^module 'kgrec' has no attribute 'recommend'$"):
        getattr(kgrec, "recommend")  # noqa: B009


def test_importing_kgrec_imports_nothing_heavy() -> None:
    program = (
        "import kgrec, sys\n"
        "heavy = ('torch', 'torch_geometric', 'transformers', 'numpy', 'pyarrow')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
