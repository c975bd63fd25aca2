"""A passcode: a value that shows as `****`, and where one is kept.

An account's passcode is looked for in this session (`%ct login`), in the environment
(`CLEVERTAP_PASSCODE` for the default account, `CLEVERTAP_PASSCODE_<NAME>` for the others) and in
the system's keyring (extra `keyring`), in this order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from threading import Event, Thread
from typing import Any, NoReturn

from ct_magic.client.threads import spawn
from ct_magic.errors import AccountError

SERVICE = "ct_magic"  # the name under which the keyring holds our passcodes
KEYRING_TIME = 5.0  # seconds; a keyring that takes longer to tell a passcode tells none
DIALOG_TIME = 120.0  # seconds that somebody has for the dialog in which one is kept
_session: dict[str, Secret] = {}
_left_behind: list[Thread] = []  # waits for a keyring that did not answer in time


class Secret:
    """A text that is shown as `****` however it is printed, copied or serialised.

    `reveal()` returns the text. It is kept in a closure, so that neither `vars` nor a debugger's
    list of fields shows it.
    """

    __slots__ = ("reveal",)
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

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a passcode cannot be pickled")


def find_passcode(
    name: str, environ: Mapping[str, str], where: str = "", patience: float = KEYRING_TIME
) -> Secret:
    """Return the passcode of the account of that name, or raise AccountError with the ways there.

    `where` says in the error where it would be sent; `patience` is seconds for the keyring.
    """
    if name in _session:
        return _session[name]
    # A Secret from here on: whoever shows the locals of an error's frames shows it as ****.
    passcode = Secret(environ.get(variable(name), "").strip())
    if not passcode.reveal():
        passcode = _from_keyring(name, patience)
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
    if not _is_sendable(passcode.reveal()):
        raise AccountError("this is no passcode: it is empty or holds characters that none has")
    return passcode


def variable(name: str) -> str:
    """Return the environment variable that holds the passcode of the account of that name."""
    if name == "default":
        return "CLEVERTAP_PASSCODE"
    return "CLEVERTAP_PASSCODE_" + re.sub(r"\W", "_", name).upper()


def remember(name: str, passcode: Secret) -> bool:
    """Keep a passcode for this session and in the keyring; return False if that did not take it.

    An interrupt in the keyring's dialog keeps nothing.
    """
    _session[name] = passcode
    try:
        _ask_keyring(
            lambda keyring: keyring.set_password(SERVICE, name, passcode.reveal()), DIALOG_TIME
        )
        # Looked up, because the keyring of a machine that has none may take it and keep nothing.
        return _from_keyring(name, DIALOG_TIME) == passcode
    except KeyboardInterrupt:
        del _session[name]
        raise


def _is_sendable(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable()


def _from_keyring(name: str, patience: float) -> Secret:
    text = _ask_keyring(lambda keyring: keyring.get_password(SERVICE, name), patience)
    return Secret((text or "").strip())


def _ask_keyring(ask: Callable[[Any], str | None], patience: float) -> str | None:
    """Return what a keyring answers; None where it has nothing, or nothing to say in time.

    In a thread of its own: some wait for ever for a dialog that nobody sees. While one waits, the
    keyring is not asked again; once it has answered, its dialog is done. Backends raise what they
    like, and a traceback would show what they were given.
    """
    if _is_silent():
        return None
    answers: list[str | None] = []
    interrupted = Event()

    def work() -> None:
        try:
            import keyring

            answers.append(ask(keyring))
        except KeyboardInterrupt:
            interrupted.set()
        except BaseException:
            return

    thread = spawn(work, "ct_magic-keyring")
    if thread is None:
        work()
    else:
        thread.join(patience)
        if thread.is_alive():
            _left_behind[:] = [thread]
    if interrupted.is_set():
        raise KeyboardInterrupt
    return answers[0] if answers else None


def _is_silent() -> bool:
    return any(thread.is_alive() for thread in _left_behind)
