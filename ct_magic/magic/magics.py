"""The magics `%%ctcount`, `%ctcount` and `%ct`: a thin skin over `counts` and `commands`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from traitlets import Enum, Float, Integer, Unicode

from ..errors import QueryError, UsageError
from ..settings import PROGRESS, Settings

if TYPE_CHECKING:
    import pandas as pd
    from IPython.core.interactiveshell import InteractiveShell

    from ..handle import Counting
    from .arguments import Arguments

USUAL = Settings()


@magics_class
class CountMagics(Magics):
    """The magics and their settings: `%config CountMagics` lists these."""

    OPTIONS = (
        *("--account", "--background", "--dry-run"),
        *("--plot", "--refresh", "--timeout"),
    )

    poll_interval = Float(
        USUAL.poll_interval,
        allow_none=True,
        help="Seconds between two looks at one count; None: the account's own, else 30.",
    ).tag(config=True)
    first_look = Float(
        USUAL.first_look,
        help="Seconds before the first look at a count; poll_interval where that is less.",
    ).tag(config=True)
    max_concurrent = Integer(
        USUAL.max_concurrent,
        allow_none=True,
        help="Counts asked at once; None: the account's own, else 3.",
    ).tag(config=True)
    max_counts = Integer(
        USUAL.max_counts, help="A cell that asks more counts than this is refused."
    ).tag(config=True)
    retry_wait = Float(
        USUAL.retry_wait, help="Seconds before the first retry of a request without an answer."
    ).tag(config=True)
    give_up_after = Float(
        USUAL.give_up_after,
        help="Seconds without any answer after which the service is given up; ids are kept.",
    ).tag(config=True)
    cache_ttl = Float(
        USUAL.cache_ttl,
        help="Seconds for which a count of past days is answered from the journal; 0: never.",
    ).tag(config=True)
    settled_after = Integer(
        USUAL.settled_after, help="Days after which a count's days change no more."
    ).tag(config=True)
    settled_ttl = Float(
        USUAL.settled_ttl,
        help="Seconds for which a count of days that change no more is answered from the journal.",
    ).tag(config=True)
    pickup_age = Float(
        USUAL.pickup_age,
        help="Seconds for which the id of a count of today is looked at again.",
    ).tag(config=True)
    timeout = Float(
        USUAL.timeout, allow_none=True, help="Seconds after which a cell stops asking; None: never."
    ).tag(config=True)
    timezone = Unicode(
        USUAL.timezone,
        allow_none=True,
        help="Whose days are meant, like 'Asia/Kolkata'; None: the account's, else the machine's.",
    ).tag(config=True)
    progress = Enum(
        PROGRESS, USUAL.progress, help="What is shown meanwhile: auto, widget, html, text or none."
    ).tag(config=True)

    @no_var_expand
    @line_cell_magic
    def ctcount(self, line: str, cell: str | None = None) -> pd.DataFrame | Counting | None:
        """Ask how many profiles did something."""
        from . import arguments

        told = arguments.of_line(line) if cell is None else arguments.of_cell(line, cell)
        if not told.text.strip():
            raise UsageError("there is nothing to ask: write a query, like 'App Launched today'")
        try:
            return self._carry_out(told)
        except QueryError as error:
            error.line += cell is not None  # people count the magic's own line, too
            raise

    @no_var_expand
    @line_cell_magic
    def ct(self, line: str, cell: str | None = None) -> Any:
        """Everything around counts: `%ct` alone lists the commands."""
        from . import commands

        return commands.run(line, cell, self.settings(), self._variables())

    def settings(self, **told: Any) -> Settings:
        """Give the settings in force, with what the line said for this once."""
        mine = {name: getattr(self, name) for name in Settings.__dataclass_fields__}
        return Settings(**mine | told)

    def _variables(self) -> dict[str, Any]:
        found: dict[str, Any] = self.shell.user_ns if self.shell else {}
        return found

    def _asking(self, told: Arguments) -> dict[str, Any]:
        timeout = {"timeout": told.timeout} if told.timeout else {}
        return {
            "params": self._variables(),
            "account": told.account,
            "settings": self.settings(**timeout),
            "refresh": told.refresh,
        }

    def _carry_out(self, told: Arguments) -> pd.DataFrame | Counting | None:
        if told.dry_run:
            self._dry_run(told)
            return None
        return self._background(told) if told.background else self._blocking(told)

    def _dry_run(self, told: Arguments) -> None:
        from .. import prepare as questions

        bodies = questions.dry_run(told.text, self._variables(), self.settings(), told.account)
        print("\n".join(map(questions.pretty, bodies)))  # noqa: T201 # printing is what was asked for

    def _blocking(self, told: Arguments) -> pd.DataFrame | None:
        from .. import api as counts

        if told.plot:
            from ..results.plot import need_matplotlib

            need_matplotlib()
        try:
            frame = counts.count(told.text, **self._asking(told))
        except BaseException as stopped:
            # Whatever ended the waiting, an alarm's exception too, brings what had arrived.
            if (so_far := getattr(stopped, "frame", None)) is not None:
                self._assign(told.name, so_far)
            raise
        self._assign(told.name, frame)
        self._draw(told, frame)
        return None if told.name else frame

    def _background(self, told: Arguments) -> pd.DataFrame | Counting | None:
        from .. import api as counts
        from ..progress.environment import is_interactive

        if not is_interactive(self.shell):
            # Nobody would be there when it arrives: an executed notebook ends with its last cell.
            return self._blocking(told)
        counting = counts.start(told.text, **self._asking(told))
        self._assign(told.name, counting)
        counting.when_done(lambda frame: self._replace(told.name, counting, frame))
        return None if told.name else counting

    def _assign(self, name: str | None, value: Any) -> None:
        if name:
            self._variables()[name] = value

    def _replace(self, name: str | None, counting: Counting, frame: pd.DataFrame) -> None:
        # Only while the variable is still ours: the user may have bound it to something else.
        if name and self._variables().get(name) is counting:
            self._assign(name, frame)

    def _draw(self, told: Arguments, frame: pd.DataFrame) -> None:
        if told.plot:
            from IPython.display import display

            from ..results.plot import plot

            display(plot(frame))  # type: ignore[no-untyped-call]


def unregister(shell: InteractiveShell) -> None:
    """Take the magics and their settings away from a shell."""
    manager = shell.magics_manager
    for table in (*manager.magics.values(), manager.lazy_magics):
        for name in ("ctcount", "ct"):
            table.pop(name, None)
    ours = manager.registry.pop(CountMagics.__name__, None)
    shell.configurables[:] = [one for one in shell.configurables if one is not ours]


def _manual() -> str:
    from ..query import help as guide
    from . import arguments

    return f"{arguments.parser().format_help()}\n{guide.page()}"


# `%%ctcount?` asks this for its text, so that the manual is only put together when it is read.
CountMagics.ctcount.getdoc = _manual  # type: ignore[union-attr] # functions take attributes
