"""The commands of `%ct`: everything around counts that is not a count itself."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ..client import accounts
from ..client import credentials as passcodes
from ..errors import AccountError, CountError, MissingExtraError, UsageError
from ..session import SANDBOX, SESSION
from ..settings import Settings
from .arguments import PASSCODE, refuse_passcode

if TYPE_CHECKING:
    import pandas as pd

    from ..forms import Form


@dataclass(frozen=True, slots=True)
class Told:
    """What stood behind the command, and what the notebook knows."""

    rest: str
    settings: Settings
    variables: MutableMapping[str, Any]


def run(
    line: str, cell: str | None, settings: Settings, variables: MutableMapping[str, Any]
) -> Any:
    """Carry out `%ct <command> <rest>`; what stands in a `%%ct` cell belongs to the rest."""
    refuse_passcode(line)
    word, _, rest = line.strip().partition(" ")
    if not word:
        return _say(overview())
    if word not in COMMANDS:
        raise UsageError(f"there is no '%ct {word}': {_meant(word)}")
    below = rest.strip() if cell is None else f"{rest.strip()}\n{cell}"
    return COMMANDS[word](Told(below, settings, variables))


def overview() -> str:
    """List the commands with the first line of what each says of itself."""
    lines = [(command.__doc__ or "").split("\n")[0] for command in COMMANDS.values()]
    return "\n".join(f"%ct {name:<9} {line}" for name, line in zip(COMMANDS, lines, strict=True))


def use(told: Told) -> None:
    """Ask this account from now on: %ct use sandbox, %ct use prod."""
    from .. import name_sources as known

    name = _one_word(told.rest, "use", "the name of an account", default=SESSION.used)
    account = SESSION.use(name)
    if name == SANDBOX:
        known.read(SANDBOX)
    _say(f"asking account {account.name}, {account.id}, {account.where}")


def show_accounts(told: Told) -> pd.DataFrame:
    """Show the accounts that can be used, and whether a passcode is there."""
    from ..results.frame import records

    _nothing(told.rest, "accounts")
    tables: dict[str, dict[str, Any]] = {accounts.DEFAULT: {}, SANDBOX: {}}
    tables |= accounts.from_file()
    return records([_row(name, table) for name, table in tables.items()])


def login(told: Told) -> None:
    """Ask for an account's passcode with a hidden prompt: %ct login prod."""
    if len(told.rest.split()) > 1:
        raise UsageError(PASSCODE)
    name = _one_word(told.rest, "login", "the name of an account", default=accounts.DEFAULT)
    if name == SANDBOX:
        raise UsageError("the sandbox asks for no passcode: '%ct use sandbox' is all it needs")
    if name not in (known := (accounts.DEFAULT, *accounts.from_file())):
        # What was typed may be the passcode itself: it is not repeated.
        raise AccountError(
            f"{accounts.config_file()} has no account of that name: there are {', '.join(known)}. "
            "If it was a passcode, change it: '%ct login' asks for one hidden"
        )
    try:
        # Looked up now: a kernel puts its own in place while a cell runs.
        typed = passcodes.Secret(getpass.getpass(f"Passcode of account {name}: "))
    except Exception as error:
        # A front end without an input line raises what it likes: EOFError, a kernel's own error.
        raise AccountError(
            f"nobody can be asked here; set {passcodes.variable(name)} instead"
        ) from error
    kept = passcodes.remember(name, passcodes.checked(typed))
    _say(f"kept for account {name} {'in the keyring' if kept else _only_now()}")


def explain(told: Told) -> None:
    """Print a query as the language, as JSON and as curl; also for JSON of the API."""
    from .. import prepare as questions

    _say(questions.explain(told.rest, params=told.variables, settings=told.settings))


def show_help(told: Told) -> None:
    """Explain the language, or one word of it: %ct help where."""
    from ..query import help as guide

    word = told.rest.strip()
    command = COMMANDS.get(word.removeprefix("%ct").strip())
    if word.startswith("-") or word.strip("%") == "ctcount":
        _say("'%%ctcount?' shows the arguments and the language")
    elif command and command is not names:  # the language has a word for these
        _say(f"{word}: {command.__doc__}")
    else:
        _say(guide.topic(word) if word else guide.page())


def form(told: Told) -> Form:
    """Open a form for a query: %ct form, %ct form Charged today; or a %%ct form cell."""
    from ..forms import form

    return form(told.rest.strip("\r\n"), settings=told.settings)


def names(told: Told) -> pd.DataFrame | None:
    """Show the names that Tab knows; %ct names --from FILE (or sandbox) adds, --to FILE writes."""
    from .. import name_sources as known
    from ..query.catalog import rows
    from ..results.frame import records

    option, _, file = told.rest.strip().partition(" ")
    match option, file.strip().strip("\"'"):
        case "", "":
            return records(rows(known.names()))
        case "--from", source if source:
            found = known.read(source)
        case "--to", target if target:
            found = known.names()
            known.write(target)
        case _:
            raise UsageError("'%ct names' takes --from FILE, --from sandbox or --to FILE")
    _say(f"{len(found.events)} events are known")
    return None


def history(told: Told) -> pd.DataFrame:
    """Give what was asked, under which id, and what came back, as a DataFrame."""
    from .. import api as counts

    _nothing(told.rest, "history")
    return counts.history()


def resume(told: Told) -> pd.DataFrame:
    """Fetch the counts that were still pending when a cell or a kernel ended."""
    from .. import api as counts

    _nothing(told.rest, "resume")
    return counts.resume(settings=told.settings, variables=told.variables)


def wait(told: Told) -> None:
    """Wait for what counts in the background: %ct wait, or for some, %ct wait NAME."""
    from .. import handle as counting

    for name in told.rest.split() or _counting(told.variables):
        if name not in told.variables:
            raise UsageError(f"there is no variable {name!r} to wait for")
        try:
            told.variables[name] = counting.arrived(told.variables[name])
        except CountError as error:
            told.variables[name] = error.frame
            raise


COMMANDS: dict[str, Callable[[Told], Any]] = {
    "use": use,
    "accounts": show_accounts,
    "login": login,
    "explain": explain,
    "help": show_help,
    "names": names,
    "form": form,
    "history": history,
    "resume": resume,
    "wait": wait,
}


def _meant(word: str) -> str:
    if word.lower() in ("count", "counts", "run", "query"):
        return "'%ctcount QUERY' counts"
    near = get_close_matches(word.lower(), COMMANDS, 1)
    return f"did you mean '%ct {near[0]}'?" if near else "'%ct' alone lists the commands"


def _counting(variables: Mapping[str, Any]) -> list[str]:
    from ..handle import Counting

    names = [name for name, value in variables.items() if isinstance(value, Counting)]
    return [name for name in names if not name.startswith("_")]  # the notebook's own Out, too


def _row(name: str, table: dict[str, Any]) -> dict[str, Any]:
    row = {
        "account": name,
        "in use": name == SESSION.used,
        "ready": True,
        "id": table.get("id"),
        "region": table.get("region", "eu1" if table else None),
        "note": None,
    }
    if name == SANDBOX:
        return row | {"id": "SANDBOX", "region": "local"}
    try:
        account = accounts.find(name)
    except AccountError as error:
        return row | {"ready": False, "note": str(error)}
    return row | {"id": account.id, "region": account.place}


def _only_now() -> str:
    if find_spec("keyring") is not None:
        return "for this session"
    return f"for this session; {MissingExtraError('keeping it for good', 'keyring')}"


def _one_word(text: str, command: str, what: str, default: str) -> str:
    words = text.split()
    if len(words) > 1:
        raise UsageError(f"'%ct {command}' takes {what}, not {text!r}")
    return words[0] if words else default


def _nothing(text: str, command: str) -> None:
    if text.strip():
        raise UsageError(f"'%ct {command}' takes nothing more, not {text.strip()!r}")


def _say(text: str) -> None:
    print(text)  # noqa: T201 # a command answers in the cell's output
