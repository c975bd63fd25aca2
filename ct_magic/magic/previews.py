"""`--dry-run` and `--plan`: what a query would send, printed; nothing is sent."""

from __future__ import annotations

from collections.abc import Mapping

from .. import explanation
from ..costs.cost import plan
from ..settings import Settings
from .arguments import Arguments
from .invocation import say


def show(arguments: Arguments, variables: Mapping[str, object], settings: Settings) -> None:
    """Print what the line asks to see."""
    if arguments.plan:
        planned = plan(
            arguments.text,
            params=variables,
            account=arguments.account,
            refresh=arguments.refresh,
            settings=settings,
        )
        say(str(planned))
    if arguments.dry_run:
        every = arguments.dry_run == "all"
        say(explanation.dry_run(arguments.text, variables, settings, arguments.account, every))
