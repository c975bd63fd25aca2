"""A passcode: a value that shows as `****`, and where one is kept.

An account's passcode is looked for in this session (`%ct login`), in the environment
(`CLEVERTAP_PASSCODE` for the default account, `CLEVERTAP_PASSCODE_<NAME>` for the others) and in
the system's keyring (extra `keyring`), in this order.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from threading import Event, Thread
from typing import Any, NoReturn, TypeVar

from ct_magic.common.threads import spawn
from ct_magic.errors import AccountError

SERVICE = "ct_magic"  # the name under which the keyring holds our passcodes
KEYRING_TIME = 5.0  # seconds; a keyring that takes longer to tell a passcode tells none
DIALOG_TIME = 120.0  # seconds for the dialog in which one is kept
_T = TypeVar("_T")
_session: dict[str, Secret] = {}
_left_behind: list[Thread] = []  # waits for a keyring that did not answer in time


class Secret:
    """A text that shows as `****`, however it is printed, copied or serialised."""

    __slots__ = ("reveal",)
    # Returns the text: in a closure neither `vars` nor a debugger's list of fields shows it.
    reveal: Callable[[], str]

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "reveal", lambda: text)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a passcode cannot be changed")

    def __repr__(self) -> str:
        return "****"

    def __format__(self, spec: str) -> str:
        return format("****", spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.reveal() == other.reveal()

    def __hash__(self) -> int:
        return hash(self.reveal())

    def __copy__(self, memo: object = None) -> Secret:
        return self

    __deepcopy__ = __copy__

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a passcode cannot be pickled")


class Machine:
    """The machine's environment; whoever shows a frame's locals does not show what it holds."""

    def get(self, name: str, default: str, /) -> str:
        """Return a variable, or the default where it is not set."""
        return os.environ.get(name, default)


Variables = Mapping[str, str] | Machine
MACHINE = Machine()


def secret(given: Secret | str) -> Secret:
    """Return a passcode as a Secret; what is not a text is an empty one."""
    return given if isinstance(given, Secret) else Secret(given if isinstance(given, str) else "")


def of_variable(name: str, environ: Variables) -> Secret:
    """Return what a variable holds, perhaps nothing; raise AccountError if it is in quotes."""
    held = Secret(environ.get(name, "").strip())
    if re.fullmatch("(['\"]).*\\1", held.reveal(), re.DOTALL):
        raise AccountError(
            f"{name} begins and ends with a quotation mark, as env files have them: "
            "write it without"
        )
    return held


def find_passcode(
    name: str, environ: Variables, where: str = "", patience: float | None = None
) -> Secret:
    """Return the passcode of an account, or raise AccountError with the ways to give one."""
    # `where` says in the error where it would be sent; `patience` is seconds for the keyring.
    if name in _session:
        return _session[name]
    passcode = of_variable(variable(name), environ)
    if not passcode.reveal():
        # Some keyrings ask on the terminal, where there is one.
        asks = sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()
        passcode = _from_keyring(name, patience or (DIALOG_TIME if asks else KEYRING_TIME))
    if not passcode.reveal():
        silent = " (the system's keyring does not answer)" if _is_silent() else ""
        raise AccountError(
            f"there is no passcode for account {name!r}{where}{silent}: set {variable(name)}, "
            f"or type '%ct login {name}', which asks for it hidden"
        )
    return checked(passcode)


def checked(typed: Secret) -> Secret:
    """Return it without the spaces around it; raise AccountError if no header could carry it."""
    passcode = Secret(typed.reveal().strip())
    if re.fullmatch("[ -~]+", passcode.reveal()):
        return passcode
    raise AccountError("not a passcode: it is empty, or has characters that no passcode has")


def variable(name: str) -> str:
    """Return the environment variable that holds the passcode of the account of that name."""
    if name == "default":
        return "CLEVERTAP_PASSCODE"
    return "CLEVERTAP_PASSCODE_" + re.sub(r"\W", "_", name).upper()


def remember(name: str, passcode: Secret) -> bool:
    """Keep a passcode for this session and in the keyring; return False if that has not kept it."""
    _session[name] = passcode
    try:
        _ask_keyring(
            lambda keyring: keyring.set_password(SERVICE, name, passcode.reveal()), DIALOG_TIME
        )
        # Looked up, because the keyring of a machine that has none may take it and keep nothing.
        return _from_keyring(name, DIALOG_TIME) == passcode
    except KeyboardInterrupt:  # in the keyring's dialog: nothing is kept
        del _session[name]
        raise


def weak_keeper(name: str) -> str | None:
    """Return the keyring that holds an account's passcode, where it is weaker than a system's."""

    def look(keyring: Any) -> str | None:
        backend = keyring.get_keyring()
        for each in getattr(backend, "backends", None) or [backend]:
            if each.get_password(SERVICE, name):
                kind = type(each)
                return None if each.priority >= 1 else f"{kind.__module__}.{kind.__name__}"
        return None

    return _ask_keyring(look, DIALOG_TIME)


def _from_keyring(name: str, patience: float) -> Secret:
    kept = _ask_keyring(
        lambda keyring: Secret((keyring.get_password(SERVICE, name) or "").strip()), patience
    )
    return kept or Secret("")


def _ask_keyring(ask: Callable[[Any], _T], patience: float) -> _T | None:
    """Return what a keyring answers; None where it has nothing, or nothing to say in time.

    In a thread of its own: some wait for ever for a dialog that is not seen. While one waits, the
    keyring is not asked again; once it has answered, its dialog is done. A traceback of a backend
    would show what it was given.
    """
    if _is_silent():
        return None
    answers: list[_T] = []
    interrupted = Event()

    def work() -> None:
        try:
            import keyring

            answers.append(ask(keyring))
        except KeyboardInterrupt:
            interrupted.set()
        except BaseException:  # backends raise what they like: the keyring has no answer then
            return

    thread = spawn(work, "ct_magic-keyring")
    if thread is None:
        work()
    else:
        _left_behind[:] = [thread]
        thread.join(min(patience, KEYRING_TIME))
        if thread.is_alive() and patience > KEYRING_TIME:
            print("ct_magic: waiting for the keyring; Ctrl-C goes on without", file=sys.stderr)  # noqa: T201 # it may ask below this line
            thread.join(patience - KEYRING_TIME)
    if interrupted.is_set():
        raise KeyboardInterrupt
    return answers[0] if answers else None


def _is_silent() -> bool:
    return any(thread.is_alive() for thread in _left_behind)
