"""The magics `%%ctcount`, `%ctcount` and `%ct`: a thin skin over `counting` and `commands`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, fields
from functools import partial
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from traitlets import Bool, Enum, Float, Integer, MetaHasTraits, TraitType, Unicode

from ct_magic.errors import QueryError, UsageError
from ct_magic.magic.caller import Caller, calling, say
from ct_magic.settings import HELP, PROGRESS, SettingKind, Settings, configure

if TYPE_CHECKING:
    import pandas as pd
    from IPython.core.interactiveshell import InteractiveShell

    from ct_magic.counting.handle import Counting
    from ct_magic.magic.arguments import Arguments

_TRAITS: dict[SettingKind, Callable[..., TraitType[Any, Any]]] = {
    SettingKind.SECONDS: Float,
    SettingKind.SECONDS_OR_0: Float,
    SettingKind.WHOLE: Integer,
    SettingKind.ZONE: Unicode,
    SettingKind.PROGRESS: partial(Enum, PROGRESS),
    SettingKind.SWITCH: Bool,
}


def _trait(setting: Field[Any]) -> TraitType[Any, Any]:
    """Return a setting as what `%config` sets."""
    made = _TRAITS[setting.metadata["kind"]]
    allow_none, words = setting.default is None, HELP[setting.name]
    return made(setting.default, allow_none=allow_none, help=words).tag(config=True)


# Magics with a trait for each setting.
_Configured: Any = MetaHasTraits(
    "_Configured", (Magics,), {f.name: _trait(f) for f in fields(Settings)}
)


@magics_class
class CountMagics(_Configured):  # type: ignore[misc] # mypy knows no class that a table makes
    """The magics and their settings: `%config CountMagics` lists these."""

    @no_var_expand
    @line_cell_magic
    def ctcount(self, line: str, cell: str | None = None) -> pd.DataFrame | Counting | None:
        """Ask how many profiles did something."""
        from ct_magic.magic.arguments import of_cell, of_line, refuse_variable
        from ct_magic.session import known_names

        caller = self._caller()
        arguments = of_line(line) if cell is None else of_cell(line, cell)
        caller.check_name(arguments.name)
        if not arguments.text.strip():
            raise UsageError("there is nothing to ask: write a query, like 'App Launched today'")
        if cell is None:
            events = known_names.names(known_names.AT_A_KEY).events
            refuse_variable(arguments.text, events)
        try:
            return self._carry_out(arguments, caller)
        except QueryError as error:
            error.line += cell is not None  # people count the magic's own line, too
            raise

    @no_var_expand
    @line_cell_magic
    def ct(self, line: str, cell: str | None = None) -> object:
        """Everything around counts: `%ct` alone lists the commands."""
        from ct_magic.magic import commands

        return commands.run(line, cell, self.settings(), self._caller())

    def settings(self, **changes: object) -> Settings:
        """Return the settings in force, with what the line changes this once."""
        configured = {name: getattr(self, name) for name in self.trait_names(config=True)}
        return Settings(**configured | changes)

    def _caller(self) -> Caller:
        return calling(self.shell.user_ns if self.shell else {})

    def _carry_out(self, arguments: Arguments, caller: Caller) -> pd.DataFrame | Counting | None:
        from ct_magic.counting.asking import ask
        from ct_magic.panel.front_end import is_interactive
        from ct_magic.planning.prepare import prepare

        timeout = {"timeout": arguments.timeout} if arguments.timeout else {}
        settings = self.settings(**timeout)
        if arguments.dry_run or arguments.plan:
            _preview(arguments, caller, settings)
            return None
        text, account = arguments.text, arguments.account
        cell = prepare(text, params=caller.names, account=account, settings=settings)
        name, plotted = arguments.name, arguments.plot
        counting = ask(cell, refresh=arguments.refresh, variable=name, plotted=plotted)
        # With --background, too, where the kernel may end before it arrives: an executed notebook
        # ends with its last cell.
        if arguments.background and is_interactive(self.shell):
            return _in_background(name, caller, counting)
        frame = _blocking(arguments, caller, counting)
        if not arguments.background:
            # A named frame is shown later, in a cell that has no panel.
            has_panel = settings.progress not in ("none", "text") and not name
            self._show_short(frame, has_panel=has_panel)
        return None if name else frame

    def _show_short(self, frame: pd.DataFrame, *, has_panel: bool) -> None:
        from ct_magic.magic.formatters import show_short
        from ct_magic.panel.short_tables import drawn_beside, drawn_short

        shell = self.shell
        if shell is not None and has_panel and len(frame) == 1:
            show_short(shell, frame, drawn_beside(lambda: int(shell.execution_count)))
        else:
            show_short(shell, frame, drawn_short)


def _preview(arguments: Arguments, caller: Caller, settings: Settings) -> None:
    """Print what would be sent, or be asked and how long that may take; nothing is sent."""
    from ct_magic.planning import preview

    text, account, names = arguments.text, arguments.account, caller.names
    if arguments.plan:
        refresh = arguments.refresh
        plan = preview.plan(text, params=names, account=account, refresh=refresh, settings=settings)
        say(str(plan))
    if arguments.dry_run:
        say(preview.dry_run(text, names, settings, account, arguments.dry_run == "all"))


def _in_background(name: str | None, caller: Caller, counting: Counting) -> Counting | None:
    counting.followed()
    if not name:
        return counting
    caller.bind(name, counting)
    counting.when_done(partial(_replace, caller, name, counting))
    return None


def _blocking(arguments: Arguments, caller: Caller, counting: Counting) -> pd.DataFrame:
    try:
        frame = counting.watched(plot=arguments.plot)
    except BaseException as stopped:
        # Whatever ended the waiting, an alarm's exception too, brings what had arrived.
        so_far = getattr(stopped, "frame", None)
        if arguments.name and so_far is not None:
            caller.bind(arguments.name, so_far)
        raise
    if arguments.name:
        caller.bind(arguments.name, frame)
    return frame


def _replace(caller: Caller, name: str, counting: Counting, frame: pd.DataFrame) -> None:
    # Only while the variable is still ours: the user may have bound it to something else.
    if caller.bindable and caller.bindable.get(name) is counting:
        caller.bind(name, frame)


def register(shell: InteractiveShell) -> None:
    """Register the magics in a shell; `count()` follows their settings, too."""
    magics = CountMagics(shell)
    shell.register_magics(magics)
    configure(magics.settings)


def unregister(shell: InteractiveShell) -> None:
    """Remove the magics and their settings from a shell."""
    from ct_magic.magic.formatters import show_as_before

    manager = shell.magics_manager
    for table in (*manager.magics.values(), manager.lazy_magics):
        for name in ("ctcount", "ct"):
            table.pop(name, None)
    magics = manager.registry.pop(CountMagics.__name__, None)
    configure(None)
    shell.configurables[:] = [c for c in shell.configurables if c is not magics]
    show_as_before(shell)


def _manual() -> str:
    from ct_magic.magic.arguments import manual
    from ct_magic.query.help import PAGE

    return f"{manual()}\n{PAGE}"


# `%%ctcount?` asks this for its text, so that the manual is only put together when it is read.
CountMagics.ctcount.getdoc = _manual  # type: ignore[union-attr] # functions take attributes
