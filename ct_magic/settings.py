"""How counts are asked for: the settings, their units and their defaults, in one table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, tzinfo
from enum import Enum
from numbers import Integral, Real
from typing import Any, TypedDict

from ct_magic.common.words import suggest
from ct_magic.errors import UsageError

PROGRESS = ("auto", "widget", "html", "text", "none")
LONGEST = 366 * 86400.0  # seconds; no thread can wait for longer
_HIGHEST = 10**6
SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
PARAMS = "into params, as in params={'floor': 100}"
_ELSEWHERE = {  # what the magic's line has as an option
    "background": "ct_magic.start comes back at once",
    "plot": "ct_magic.plot draws what count() gave",
    "dry_run": "'%ct explain' shows what a query sends",
}


class SettingKind(Enum):
    """What a setting takes: its value is that in words."""

    SECONDS = "a number of seconds above 0 and up to a year"
    SECONDS_OR_0 = "a number of seconds from 0 up to a year"
    WHOLE = "a whole number above 0"
    ZONE = "the name of a time zone, like 'Asia/Kolkata'"
    PROGRESS = f"one of {', '.join(PROGRESS)}"
    SWITCH = "True or False"

    def takes(self, value: Any) -> bool:
        """Return True if a setting of this kind may have this value."""
        is_number = isinstance(value, Real) and not isinstance(value, bool)
        match self:
            case SettingKind.SECONDS:
                return is_number and 0 < value <= LONGEST
            case SettingKind.SECONDS_OR_0:
                return is_number and 0 <= value <= LONGEST
            case SettingKind.WHOLE:
                return isinstance(value, Integral) and is_number and 1 <= int(value) <= _HIGHEST
            case SettingKind.SWITCH:
                return isinstance(value, bool)
            case SettingKind.PROGRESS:
                return value in PROGRESS
            case SettingKind.ZONE:
                return isinstance(value, str)


# What each is, as `%config` and the page of the settings say it.
HELP = {
    "poll_interval": "Seconds between two looks at one count; None: the account's own, else 30.",
    "first_look": "Seconds before the first look at a count, or poll_interval; "
    "up to thrice for many.",
    "max_concurrent": "Counts asked at once; None: the account's own, else 3.",
    "max_counts": "A cell that asks more counts than this is refused.",
    "retry_wait": "Seconds before the first retry of a request without an answer.",
    "give_up_after": "Seconds without any answer after which the service is given up; "
    "ids are kept.",
    "stalled_after": "Seconds without any new id or count after which a cell stops asking; "
    "ids are kept.",
    "cache_ttl": "Seconds for which a count of past days is answered from the journal; 0: never.",
    "settled_after": "Days after which late events no longer change a count's days.",
    "settled_ttl": "Seconds for which a count of such days is answered from the journal; "
    "0: as others.",
    "pickup_age": "How long (s) a pending query for today's data may be reused.",
    "timeout": "Seconds after which a cell stops asking; None: never.",
    "timezone": "Whose days are meant, like 'Asia/Kolkata'; "
    "None: the account's, else the machine's.",
    "progress": "What is shown meanwhile: auto, widget, html, text or none.",
    "stable_outputs": "Show no times, so that two runs give the same output but for the counts.",
}


def _setting(default: Any, kind: SettingKind) -> Any:
    return field(default=default, metadata={"kind": kind})


@dataclass(frozen=True)
class Settings:
    """What `%config CountMagics` and the keywords of `count()` set.

    A setting that is None takes what the account or the machine says, as its line tells.
    """

    poll_interval: float | None = _setting(None, SettingKind.SECONDS)
    first_look: float = _setting(5.0, SettingKind.SECONDS)
    max_concurrent: int | None = _setting(None, SettingKind.WHOLE)
    max_counts: int = _setting(500, SettingKind.WHOLE)
    retry_wait: float = _setting(1.0, SettingKind.SECONDS)
    give_up_after: float = _setting(180.0, SettingKind.SECONDS)
    stalled_after: float = _setting(3600.0, SettingKind.SECONDS)
    cache_ttl: float = _setting(86400.0, SettingKind.SECONDS_OR_0)
    settled_after: int = _setting(7, SettingKind.WHOLE)
    settled_ttl: float = _setting(30 * 86400.0, SettingKind.SECONDS_OR_0)
    pickup_age: float = _setting(600.0, SettingKind.SECONDS_OR_0)
    timeout: float | None = _setting(None, SettingKind.SECONDS)
    timezone: str | None = _setting(None, SettingKind.ZONE)
    progress: str = _setting("auto", SettingKind.PROGRESS)
    stable_outputs: bool = _setting(False, SettingKind.SWITCH)

    def __post_init__(self) -> None:
        """Refuse what cannot be meant, naming the setting."""
        for of in fields(self):
            value, kind = getattr(self, of.name), of.metadata["kind"]
            if not (kind.takes(value) or (value is None and of.default is None)):
                raise UsageError(f"{of.name} is {kind.value}, not {value!r}")
        zone(self.timezone)


# What help() shows of the class: the same sentences.
Settings.__doc__ = f"{Settings.__doc__}\n" + "".join(f"    {n}: {h}\n" for n, h in HELP.items())


class Changes(TypedDict, total=False):
    """The fields of `Settings` as keywords of `count()`."""

    poll_interval: float | None
    first_look: float
    max_concurrent: int | None
    max_counts: int
    retry_wait: float
    give_up_after: float
    stalled_after: float
    cache_ttl: float
    settled_after: int
    settled_ttl: float
    pickup_age: float
    timeout: float | None
    timezone: str | None
    progress: str
    stable_outputs: bool


def changed(settings: Settings | None, changes: Mapping[str, Any]) -> Settings:
    """Return the settings with some fields of their own; raise UsageError for one there is not."""
    known = Settings.__dataclass_fields__
    if odd := next((name for name in changes if name not in known), None):
        near = suggest(odd, known)
        hint = f"did you mean {near}?" if near else _ELSEWHERE.get(odd, f"$names go {PARAMS}")
        raise UsageError(f"there is no keyword {odd!r}: {hint}")
    if not isinstance(settings, Settings | None):
        raise UsageError("settings is a ct_magic.Settings; its fields are keywords, too")
    return replace(settings or in_force(), **changes)


_configured: list[Callable[[], Settings]] = []  # the magics', where they are loaded


def configure(source: Callable[[], Settings] | None) -> None:
    """Let these settings be in force, as `%config` changes them; None: the usual ones."""
    _configured[:] = [source] if source else []


def in_force() -> Settings:
    """Return what holds where no settings are given: in a notebook what `%config` says."""
    return _configured[0]() if _configured else Settings()


def zone(name: str | None) -> tzinfo | None:
    """Return the zone of that name, None for the machine's own; UsageError for an unknown one."""
    if not name:
        try:
            datetime.now().astimezone()
        except (ValueError, OverflowError, OSError):
            return UTC  # no calendar can hold the machine's zone, as `TZ=UTC+25`
        return None
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo, available_timezones

    with suppress(KeyError, ValueError, OSError):
        return ZoneInfo(name)
    if not available_timezones():
        raise UsageError(f"no time zone database knows {name!r} here: pip install tzdata")
    raise UsageError(f"there is no time zone {name!r}; write it like 'Asia/Kolkata'")


def seconds(text: str) -> float:
    """Read a duration: `90`, `90s`, `30m`, `2h` or `1d`, in seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text.strip().lower())
    if not match or not float(match[1]):
        raise UsageError(f"{text!r} is no duration: write it like 90s, 30m or 2h")
    return float(match[1]) * SECONDS[match[2]]
