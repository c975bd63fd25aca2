"""The commands of `%ct`: everything around counts that is not a count itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import CountError, UsageError
from ..session import SESSION
from ..settings import Settings
from ..suggest import suggest
from . import account_commands
from .arguments import refuse_passcode
from .caller import Caller
from .invocation import Invocation, say
from .page_text import show

if TYPE_CHECKING:
    import pandas as pd

    from ..checks import Check
    from ..forms import Form


def run(line: str, cell: str | None, settings: Settings, caller: Caller) -> Any:
    """Carry out `%ct <command> <text>`; what stands in a `%%ct` cell belongs to the text."""
    refuse_passcode(line)
    command, *text = line.split(maxsplit=1) or [""]
    if not command:
        return show(overview())
    if command not in COMMANDS:
        raise UsageError(f"there is no '%ct {command}': {_meant(command, line)}")
    behind = text[0].strip() if text else ""
    whole = behind if cell is None else f"{behind}\n{cell}"
    return COMMANDS[command](Invocation(command, whole, settings, caller))


def overview() -> str:
    """Return the commands with the first line of what each says of itself."""
    lines = ((command.__doc__ or "").split("\n")[0] for command in COMMANDS.values())
    return "\n".join(f"%ct {name:<9} {line}" for name, line in zip(COMMANDS, lines, strict=True))


def explain_command(invocation: Invocation) -> None:
    """Print a query as the language, as JSON and as curl; also for JSON of the API."""
    from .. import explanation

    text, variables = invocation.text, invocation.caller.names
    say(explanation.explain(text, params=variables, settings=invocation.settings))


def show_help(invocation: Invocation) -> None:
    """Explain the language, or one word of it: %ct help where; or a recipe: %ct help retention."""
    from ..query import help as language_help
    from . import recipes

    word = invocation.text.strip()
    command = COMMANDS.get(word.removeprefix("%ct").strip())
    if word.startswith("-") or word.strip("%") == "ctcount":
        say("'%%ctcount?' shows the arguments and the language")
    elif recipe := recipes.find_recipe(word):
        show(recipe)
    elif command and command is not names:  # the language has a word for these
        show(f"{word}: {command.__doc__}")
    else:
        show(language_help.topic(word) if word else language_help.page())


def form(invocation: Invocation) -> Form:
    """Open a form for a query: %ct form, %ct form Charged today; or a %%ct form cell."""
    from ..forms import form

    return form(invocation.text.strip("\r\n"), settings=invocation.settings)


def names(invocation: Invocation) -> pd.DataFrame | None:
    """Show the names that Tab knows; --from FILE or sandbox adds, --to FILE writes, --forget X."""
    from .. import name_sources
    from ..query.catalog import table_rows
    from ..results.frame import records
    from .short_display import as_table

    option, _, argument = invocation.text.strip().partition(" ")
    match option, argument.strip().strip("\"'"):
        case "", "":
            return as_table(records(table_rows(name_sources.names())))
        case "--from", source if source:
            known = name_sources.read_names(source)
        case "--to", target if target:
            known = name_sources.names()
            name_sources.write(target)
        case "--forget", name if name:
            _forget(name)
            return None
        case _:
            raise UsageError(
                "'%ct names' takes --from FILE, --from sandbox, --to FILE or --forget NAME"
            )
    say(f"{len(known.events)} events are known")
    return None


def history_command(invocation: Invocation) -> pd.DataFrame:
    """Show what was asked and what came back: %ct history, %ct history 20, %ct history Charged."""
    from .. import api
    from ..progress.environment import current_shell
    from ..results.short_history import short_history
    from .short_display import show_short

    text = invocation.text.strip()
    first, _, rest = text.partition(" ")
    is_number = first.isdecimal()
    frame = api.history(int(first), rest.strip() or None) if is_number else api.history(text=text)
    show_short(current_shell(), frame, short_history)
    return frame


def resume_command(invocation: Invocation) -> pd.DataFrame:
    """Fetch the counts that were still pending when a cell or a kernel ended."""
    from .. import api

    invocation.refuse_arguments()
    variables = invocation.caller.bindable
    return api.resume(settings=invocation.settings, variables=variables)


def wait_command(invocation: Invocation) -> None:
    """Wait for what counts in the background: %ct wait, or for some, %ct wait NAME."""
    from .. import handle

    caller = invocation.caller
    for name in invocation.text.split() or _counting(caller.names):
        if name not in caller.names:
            raise UsageError(f"there is no variable {name!r} to wait for")
        caller.check_name(name)
        try:
            caller.bind(name, handle.arrived(caller.names[name]))
        except CountError as error:
            caller.bind(name, error.frame)
            raise


def values_line(invocation: Invocation) -> pd.DataFrame:
    """Show the commonest values of properties: %ct values Charged last 30 days by Payment mode."""
    from . import values_command

    return values_command.values(invocation)


def check_command(invocation: Invocation) -> Check:
    """Ask an account small counts whose answers must agree: %ct check, %ct check prod."""
    from .. import checks

    name = invocation.one_word("the name of an account", default=SESSION.used)
    return checks.check(name, settings=invocation.settings, say=say)


COMMANDS: dict[str, Callable[[Invocation], object]] = {
    "use": account_commands.use_command,
    "accounts": account_commands.show_accounts,
    "login": account_commands.login,
    "check": check_command,
    "explain": explain_command,
    "values": values_line,
    "help": show_help,
    "names": names,
    "form": form,
    "history": history_command,
    "resume": resume_command,
    "wait": wait_command,
}


LISTED = "'%ct names' shows those that are known, '%ct names --from FILE' adds a team's"
SET = "settings are %config CountMagics.max_counts = 1000; '%config CountMagics' lists them"
_ASKED = "'%ct history' shows what was asked, '%ct resume' fetches what is pending"
STOP = "the panel has a Cancel; an interrupt of the kernel does the same"
ANEW = "'%%ctcount --refresh' asks anew; nothing else needs to be cleared"
_HELP = "'%ct' alone lists the commands, '%ct help' shows the language"
BEGIN = "'%ct use sandbox' asks generated data"
ADD = "an account is added in accounts.toml, '%ct accounts' shows those that are there"
# What people type for a command that has another name, or is none.
MEANT = {
    **dict.fromkeys(("events", "event", "properties", "property", "schema", "fields"), LISTED),
    **dict.fromkeys(("set", "setting", "settings", "config", "configure", "option"), SET),
    **dict.fromkeys(("options",), "'%%ctcount?' shows the options of a cell"),
    **dict.fromkeys(("status", "jobs", "pending", "list", "last", "log", "progress"), _ASKED),
    **dict.fromkeys(("cancel", "stop", "abort", "kill"), STOP),
    **dict.fromkeys(("retry", "rerun", "again"), "run the cell again: nothing is sent twice"),
    **dict.fromkeys(("clear", "cache", "reset", "refresh", "flush"), ANEW),
    **dict.fromkeys(("sandbox", "demo", "start", "init", "tutorial"), BEGIN),
    **dict.fromkeys(("add", "connect", "configure-account", "new"), ADD),
    **dict.fromkeys(("plan", "estimate", "cost"), "'%ctcount --plan QUERY' says what it costs"),
    **dict.fromkeys(("plot", "chart", "draw"), "'%%ctcount --plot' draws what a cell counts"),
    **dict.fromkeys(("?", "-h", "--help", "usage", "commands", "docs"), _HELP),
    **dict.fromkeys(("version", "--version"), "ct_magic.__version__ says it"),
    **dict.fromkeys(("doctor", "test", "verify", "ping"), "'%ct check' asks small counts"),
    **dict.fromkeys(("save", "export"), "a variable is a DataFrame: df.to_csv('counts.csv')"),
}

# What a command takes, where that is one of some words: for Tab.
WORDS: dict[str, Callable[[], Iterable[str]]] = {
    "help": lambda: [*COMMANDS, *help_words()],
    "names": lambda: ("--from", "--to", "--forget"),
}


def help_words() -> list[str]:
    """Return the words that `%ct help` explains."""
    from ..query.help_topics import TOPICS
    from .recipes import RECIPES

    words = [word for topic in (*TOPICS, *RECIPES) for word in topic.words]
    return [word for word in dict.fromkeys(words) if word.isidentifier()]


def _forget(name: str) -> None:
    from .. import name_sources

    if not name_sources.forget(name):
        near = suggest(name, name_sources.names().all_names())
        hint = f"did you mean {near!r}?" if near else "'%ct names' shows them"
        raise UsageError(f"there is no known name {name!r}: {hint}")
    say(f"{name!r} is forgotten: it is proposed no more")


def _meant(word: str, line: str) -> str:
    if word.lower() in ("count", "counts", "run", "query"):
        return f"'%ctcount {' '.join(line.split()[1:]) or 'QUERY'}' counts"
    if word.lower() in MEANT:
        return MEANT[word.lower()]
    if word[:1].isupper() and word.lower() not in COMMANDS:
        return f"'%ctcount {line}' counts"
    near = suggest(word.lower(), COMMANDS)
    return f"did you mean '%ct {near}'?" if near else "'%ct' alone lists the commands"


def _counting(variables: Mapping[str, object]) -> list[str]:
    from ..handle import Counting

    names = [name for name, value in variables.items() if isinstance(value, Counting)]
    return [name for name in names if not name.startswith("_")]  # the notebook's own Out, too
