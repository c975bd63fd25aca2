"""Which names a variable of a notebook cannot have."""

from __future__ import annotations

import keyword

_SHELLS = ("get_ipython", "In", "Out")  # without them no magic runs, and there is no history


def is_reserved(name: str) -> bool:
    """Return True for a name that Python does not take, or whose loss would end a notebook."""
    is_pythons = name.startswith("__") and name.endswith("__")
    return keyword.iskeyword(name) or is_pythons or name in _SHELLS
