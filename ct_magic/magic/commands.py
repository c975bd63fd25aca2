"""The commands of `%ct`: everything around counts that is not a count itself."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ct_magic import api
from ct_magic.client import accounts, credentials
from ct_magic.common.words import suggest
from ct_magic.counting import account_check, handle, property_values
from ct_magic.errors import AccountError, CountError, MissingExtraError, UsageError
from ct_magic.magic.arguments import PASSCODE, refuse_passcode
from ct_magic.magic.caller import Caller, say
from ct_magic.magic.formatters import as_table, show, show_short
from ct_magic.panel.front_end import current_shell, tell_page
from ct_magic.planning import preview
from ct_magic.query import help as language_help
from ct_magic.rows import Record
from ct_magic.session import known_names
from ct_magic.session.session import SANDBOX, SESSION
from ct_magic.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

    from ct_magic.forms import Form


class Invocation(Record):
    """A command as it was typed: `text` is what follows its name, and its cell."""

    command: str
    text: str
    settings: Settings
    caller: Caller

    def one_word(self, expected: str, default: str) -> str:
        """Return the only argument, or the default; raise UsageError for several."""
        words = self.text.split()
        if len(words) > 1:
            raise UsageError(f"'%ct {self.command}' takes {expected}, not {self.text.strip()!r}")
        return words[0] if words else default

    def refuse_arguments(self) -> None:
        """Raise UsageError where anything follows the command."""
        if self.text.strip():
            raise UsageError(f"'%ct {self.command}' takes nothing more, not {self.text.strip()!r}")


# `%ct use`, `accounts` and `login`: whom to ask.


def use_command(invocation: Invocation) -> None:
    """Ask this account from now on: %ct use sandbox, %ct use prod."""
    account = known_names.use(invocation.one_word("the name of an account", default=SESSION.used))
    say(f"using account {account.name}, {account.id}, {account.where}")
    tell_page(account.name)


def show_accounts(invocation: Invocation) -> pd.DataFrame:
    """Show the accounts that can be used, where each is asked, and whether a passcode is there."""
    from ct_magic.results.tables import table

    invocation.refuse_arguments()
    tables: dict[str, dict[str, object]] = {accounts.DEFAULT: {}, SANDBOX: {}}
    tables |= accounts.from_file()
    rows = [_account_row(name, known) for name, known in tables.items()]
    return as_table(table((row.values() for row in rows), dict.fromkeys(rows[0])))


def login(invocation: Invocation) -> None:
    """Ask for an account's passcode with a hidden prompt: %ct login prod."""
    if len(invocation.text.split()) > 1:
        raise UsageError(PASSCODE)
    name = invocation.one_word("the name of an account", default=accounts.DEFAULT)
    if name == SANDBOX:
        raise UsageError("the sandbox asks for no passcode: '%ct use sandbox' is all it needs")
    if name not in (known := (accounts.DEFAULT, *accounts.from_file())):
        # What was typed may be the passcode itself: it is not repeated.
        raise AccountError(
            f"{accounts.config_file()} has no account of that name: there are {', '.join(known)}. "
            "If it was a passcode, change it: '%ct login' asks for one hidden"
        )
    passcode = credentials.checked(_typed_passcode(name))
    try:
        kept = credentials.remember(name, passcode)
    except KeyboardInterrupt:
        raise AccountError(
            f"cancelled in the keyring's dialog: no passcode of account {name} is kept; "
            f"'%ct login {name}' asks again"
        ) from None
    where = "in the keyring" if kept else "for this session"
    if kept and (weak := credentials.weak_keeper(name)):
        where = f"in {weak}, which protects it less than a system's keyring"
    elif not kept and find_spec("keyring") is None:
        where += f"; {MissingExtraError('keeping it for good', 'keyring')}"
    say(f"kept for account {name} {where}")


def _typed_passcode(name: str) -> credentials.Secret:
    url = accounts.own_address(name)  # whoever types the passcode may see it
    prompt = f"Passcode of account {name}{f', for {url}' if url else ''}: "
    try:
        # Looked up now: a kernel puts its own in place while a cell runs.
        return credentials.Secret(getpass.getpass(prompt))
    except Exception as error:
        # A front end without an input line raises what it likes: EOFError, a kernel's own error.
        raise AccountError(
            f"this front end has no input line; set {credentials.variable(name)} instead"
        ) from error


def _account_row(name: str, table: dict[str, object]) -> dict[str, object]:
    region = table.get("region", "eu1") if table and "base_url" not in table else None
    row = {"account": name, "in use": name == SESSION.used, "ready": True, "id": table.get("id")}
    row |= {"region": region, "note": None}
    if name == SANDBOX:
        return row | {"id": accounts.SANDBOX_ID, "region": "local"}
    try:
        account = accounts.find_account(name)
    except AccountError as error:
        return row | {"ready": False, "note": str(error)}
    return row | {"id": account.id, "region": account.place}


def values_command(invocation: Invocation) -> pd.DataFrame:
    """Show the commonest values of properties: %ct values Charged last 30 days by Payment mode."""
    text, params, settings = invocation.text, invocation.caller.names, invocation.settings
    found = property_values.property_values(text, params, settings=settings)
    say("events, not profiles; to count by them:\n" + "\n".join(found.axes))
    return as_table(found.frame)


def run(line: str, cell: str | None, settings: Settings, caller: Caller) -> Any:
    """Carry out `%ct <command> <text>`; the text goes on in a `%%ct` cell."""
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
    """Return the commands with what each says of itself, one line each."""
    return "\n".join(f"%ct {name:<9} {command.__doc__}" for name, command in COMMANDS.items())


def explain_command(invocation: Invocation) -> None:
    """Print a query as the language, as JSON and as curl; also for JSON of the API."""
    text, variables = invocation.text, invocation.caller.names
    say(preview.explain(text, params=variables, settings=invocation.settings))


def show_help(invocation: Invocation) -> None:
    """Explain the language, or one word of it: %ct help where; or a recipe: %ct help retention."""
    word = invocation.text.strip()
    command = COMMANDS.get(word.removeprefix("%ct").strip())
    if word.startswith("-") or word.strip("%") == "ctcount":
        say("'%%ctcount?' shows the arguments and the language")
    elif command and command is not names:  # the language has a word for these
        show(f"{word}: {command.__doc__}")
    else:
        show(language_help.topic(word) if word else language_help.PAGE)


def form(invocation: Invocation) -> Form:
    """Open a form for a query: %ct form, %ct form Charged today; or a %%ct form cell."""
    from ct_magic.forms import form

    return form(invocation.text.strip("\r\n"), settings=invocation.settings)


def names(invocation: Invocation) -> pd.DataFrame | None:
    """Show the names that Tab knows; --from FILE or sandbox adds, --to FILE writes."""
    option, _, argument = invocation.text.strip().partition(" ")
    match option, argument.strip().strip("\"'"):
        case "", "":
            return as_table(api.names())
        case "--from", source if source:
            known = known_names.read_names(source)
        case "--to", target if target:
            known = known_names.names()
            known_names.write(target)
        case _:
            raise UsageError("'%ct names' takes --from FILE, --from sandbox or --to FILE")
    say(f"{len(known.events)} events are known")
    return None


def history_command(invocation: Invocation) -> pd.DataFrame:
    """Show what was asked and what came back: %ct history, %ct history 20, %ct history Charged."""
    from ct_magic.panel.short_tables import short_history

    text = invocation.text.strip()
    first, _, rest = text.partition(" ")
    is_number = first.isdecimal()
    frame = api.history(int(first), rest.strip() or None) if is_number else api.history(text=text)
    show_short(current_shell(), frame, short_history)
    return frame


def resume_command(invocation: Invocation) -> pd.DataFrame:
    """Fetch the counts that were still pending when a cell or a kernel ended."""
    invocation.refuse_arguments()
    return api.resume(settings=invocation.settings, variables=invocation.caller.bindable)


def wait_command(invocation: Invocation) -> None:
    """Wait for what counts in the background: %ct wait, or for some, %ct wait NAME."""
    caller = invocation.caller
    names = invocation.text.split() or [
        name
        for name, value in caller.names.items()
        if isinstance(value, handle.Counting) and not name.startswith("_")  # the notebook's Out
    ]
    for name in names:
        if name not in caller.names:
            raise UsageError(f"there is no variable {name!r} to wait for")
        caller.check_name(name)
        try:
            caller.bind(name, handle.arrived(caller.names[name]))
        except CountError as error:
            caller.bind(name, error.frame)
            raise


def check_command(invocation: Invocation) -> account_check.Check:
    """Ask an account small counts whose answers must agree: %ct check, %ct check prod."""
    name = invocation.one_word("the name of an account", default=SESSION.used)
    return account_check.check(name, settings=invocation.settings, say=say)


COMMANDS: dict[str, Callable[[Invocation], object]] = {
    "use": use_command,
    "accounts": show_accounts,
    "login": login,
    "check": check_command,
    "explain": explain_command,
    "values": values_command,
    "help": show_help,
    "names": names,
    "form": form,
    "history": history_command,
    "resume": resume_command,
    "wait": wait_command,
}


# What people type for a command, and what is meant.
MEANT = {
    "plot": "'%%ctcount --plot' draws what a cell counts, ct_magic.plot(df) a DataFrame",
    "plan": "'%ctcount --plan QUERY' says what it would ask and how long that may take",
    "cancel": "the panel has a Cancel; an interrupt of the kernel does the same",
    "status": "'%ct history' shows what was asked, '%ct resume' fetches what is pending",
    "events": "'%ct names' shows those that are known, '%ct names --from FILE' adds a team's",
    "set": "settings are %config CountMagics.max_counts = 1000; '%config CountMagics' lists them",
    "refresh": "'%%ctcount --refresh' asks anew; nothing else needs to be cleared",
    "sandbox": "'%ct use sandbox' asks generated data",
}


def help_words() -> list[str]:
    """Return the words that `%ct help` explains."""
    return [word for word in language_help.words() if word.isidentifier()]


def _meant(word: str, line: str) -> str:
    if word.lower() in ("count", "counts", "run", "query"):
        return f"'%ctcount {' '.join(line.split()[1:]) or 'QUERY'}' counts"
    if word.lower() in MEANT:
        return MEANT[word.lower()]
    if word.lower() in help_words():
        return f"'%ct help {word}' explains it"
    if word[:1].isupper() and word.lower() not in COMMANDS:
        return f"'%ctcount {line}' counts"
    near = suggest(word.lower(), COMMANDS)
    return f"did you mean '%ct {near}'?" if near else "'%ct' alone lists the commands"
