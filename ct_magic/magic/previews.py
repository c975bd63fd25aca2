"""`--dry-run` and `--plan`: what a query would send, printed; nothing is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import prepare
from ..settings import Settings
from .arguments import Arguments


def show(asked: Arguments, variables: Mapping[str, Any], settings: Settings) -> None:
    """Print what the line asks to see."""
    if asked.dry_run:
        bodies = prepare.dry_run(asked.text, variables, settings, asked.account)
        print("\n".join(map(prepare.pretty, bodies)))  # noqa: T201 # printing is what it is for
