"""`--dry-run` and `--plan`: what a query would send, printed; nothing is sent."""

from __future__ import annotations

from collections.abc import Mapping

from .. import explanation
from ..costs.cost import plan
from ..settings import Settings
from .arguments import Arguments
from .invocation import say


def show(asked: Arguments, variables: Mapping[str, object], settings: Settings) -> None:
    """Print what the line asks to see."""
    if asked.plan:
        planned = plan(
            asked.text,
            params=variables,
            account=asked.account,
            refresh=asked.refresh,
            settings=settings,
        )
        say(str(planned))
    if asked.dry_run:
        every = asked.dry_run == "all"
        say(explanation.dry_run(asked.text, variables, settings, asked.account, every))
