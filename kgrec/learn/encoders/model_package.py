"""Packages that models come in, imported only when an encoder needs them."""

from __future__ import annotations

import importlib
from typing import Any

from kgrec.errors import missing_extra


def import_model_package(name: str) -> Any:
    """The module of that name.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise missing_extra("train", name, where="setting text_encoder", found=str(error)) from error
