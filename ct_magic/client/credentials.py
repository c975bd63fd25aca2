"""A passcode: a value that shows as `****`, and where one is kept.

An account's passcode is looked for in this session (`%ct login`), in the environment
(`CLEVERTAP_PASSCODE` for the default account, `CLEVERTAP_PASSCODE_<NAME>` for the others) and in
the system's keyring (extra `keyring`), in this order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from ..errors import AccountError

SERVICE = "ct_magic"  # the name under which the keyring holds our passcodes
_session: dict[str, Secret] = {}


class Secret:
    """A text that is shown as `****` however it is printed, copied or serialised.

    `reveal()` gives the text. It is kept in a closure, so that neither `vars` nor a debugger's
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

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a passcode cannot be pickled")


def find(name: str, environ: Mapping[str, str], whose: str = "") -> Secret:
    """Give the passcode of the account of that name, or raise AccountError with the ways there.

    `whose` says more of the account, for the error.
    """
    if name in _session:
        return _session[name]
    # A Secret from here on: whoever shows the locals of an error's frames shows it as ****.
    found = Secret(environ.get(variable(name), "").strip() or _from_keyring(name))
    if not found.reveal():
        raise AccountError(
            f"there is no passcode for account {name!r}{whose}: set {variable(name)}, "
            f"or type '%ct login {name}', which asks for it hidden"
        )
    return checked(found)


def checked(typed: Secret) -> Secret:
    """Give it without the spaces around it; raise AccountError if no header could carry it."""
    passcode = Secret(typed.reveal().strip())
    if not _is_sendable(passcode.reveal()):
        raise AccountError("this is no passcode: it is empty or holds characters that none has")
    return passcode


def variable(name: str) -> str:
    """Give the environment variable that holds the passcode of the account of that name."""
    if name == "default":
        return "CLEVERTAP_PASSCODE"
    return "CLEVERTAP_PASSCODE_" + re.sub(r"\W", "_", name).upper()


def remember(name: str, passcode: Secret) -> bool:
    """Keep a passcode for this session, and in the keyring; False where that does not take it.

    An interrupt of the keyring's dialog is raised again, and nothing is kept for this session.
    """
    _session[name] = passcode
    try:
        import keyring

        keyring.set_password(SERVICE, name, passcode.reveal())
        # Looked up, because the keyring of a machine that has none may take it and keep nothing.
        return _from_keyring(name) == passcode.reveal()
    except KeyboardInterrupt:
        _session.pop(name, None)
    except Exception:
        return False
    # Raised here and not there: the frames that were interrupted hold the passcode as plain text.
    raise KeyboardInterrupt


def _is_sendable(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable()


def _from_keyring(name: str) -> str:
    try:
        import keyring

        return (keyring.get_password(SERVICE, name) or "").strip()
    except Exception:
        # Backends raise what they like, and a traceback would show the environment's passcodes.
        return ""
