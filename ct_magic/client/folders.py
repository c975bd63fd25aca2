"""Folders of our own that the environment may move: to `~/x`, `$HOME/x`, or any path."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from string import Template


def moved(name: str, environ: Mapping[str, str]) -> Path | None:
    """Return the folder that a variable names, None where it is not set.

    A kernel's or a container's settings pass no shell that would put `$HOME` in. Raise LookupError
    for what names no folder.
    """
    written = environ.get(name)
    if not written:
        return None
    filled = Template(written).safe_substitute(environ)
    try:
        return Path(filled).expanduser()
    except RuntimeError:
        raise LookupError(
            f"{name} is {written!r}, and nobody knows that home: name it whole"
        ) from None
