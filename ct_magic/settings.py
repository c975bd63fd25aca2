"""How counts are asked for: the settings, their units and their defaults, in one table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from numbers import Integral, Real
from typing import Any, TypedDict

from ct_magic.common.words import suggest
from ct_magic.errors import UsageError

PROGRESS = ("auto", "widget", "html", "text", "none")
LONGEST = 366 * 86400.0  # seconds; no thread can wait for longer
_MOST = 10**6
SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
PARAMS = "into params, as in params={'floor': 100}"
_ELSEWHERE = {  # what the magic's line has as an option
    "background": "ct_magic.start comes back at once",
    "plot": "ct_magic.plot draws what count() gave",
    "dry_run": "'%ct explain' shows what a query sends",
}


@dataclass(frozen=True)
class Settings:
    """What `%config CountMagics` and the keywords of `count()` set.

    `poll_interval`   seconds between two looks at one count; None: the account's own, else 30,
                      as the API's page asks
    `first_look`      seconds between a submission and the first look at it, or poll_interval where
                      that is less; a cell of more than ten counts waits up to three times as long
                      where what the account's counts took says that it ends sooner so
    `max_concurrent`  counts asked at once; None: the account's own, else 3, as the page says
    `max_counts`      more counts than this in one cell are refused before anything is sent
    `retry_wait`      seconds before the first retry of a request that brought no answer
    `give_up_after`   seconds without any answer after which the service is given up; ids are kept
    `stalled_after`   seconds without any new id or count, however often the service answers, after
                      which a cell stops asking; ids are kept
    `cache_ttl`       seconds for which a count of past days is answered from the journal; 0: never
    `settled_after`   days after which a count's days change no more: what late events did to them
                      is done
    `settled_ttl`     seconds for which a count of days that change no more is answered from the
                      journal; 0: no longer than others
    `pickup_age`      seconds for which the id of a count of today is looked at again instead of
                      asking anew, as after a restart; one of past days is always
    `timeout`         seconds after which a cell stops asking; None: never
    `timezone`        whose days are meant, like "Asia/Kolkata"; None: the account's own, else the
                      machine's
    `progress`        what is shown meanwhile: auto, widget, html, text or none
    `stable_outputs`  show no times, so that two runs give the same output but for the counts
    """

    poll_interval: float | None = None
    first_look: float = 5.0
    max_concurrent: int | None = None
    max_counts: int = 500
    retry_wait: float = 1.0
    give_up_after: float = 180.0
    stalled_after: float = 3600.0
    cache_ttl: float = 86400.0
    settled_after: int = 7
    settled_ttl: float = 30 * 86400.0
    pickup_age: float = 600.0
    timeout: float | None = None
    timezone: str | None = None
    progress: str = "auto"
    stable_outputs: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be meant, naming the setting."""
        self._check_seconds("poll_interval", may_be_none=True)
        self._check_seconds("timeout", may_be_none=True)
        for name in ("first_look", "retry_wait", "give_up_after", "stalled_after"):
            self._check_seconds(name)
        for name in ("cache_ttl", "settled_ttl", "pickup_age"):
            self._check_seconds(name, least=0.0)
        self._check_whole("settled_after")
        self._check_whole("max_concurrent", may_be_none=True)
        self._check_whole("max_counts")
        if self.timezone is not None and not isinstance(self.timezone, str):
            raise UsageError(f"timezone is a name like 'Asia/Kolkata', not {self.timezone!r}")
        zone(self.timezone)
        if not isinstance(self.stable_outputs, bool):
            raise UsageError(f"stable_outputs is True or False, not {self.stable_outputs!r}")
        if self.progress not in PROGRESS:
            raise UsageError(f"progress is one of {', '.join(PROGRESS)}, not {self.progress!r}")

    def _check_seconds(
        self, name: str, *, least: float | None = None, may_be_none: bool = False
    ) -> None:
        value = getattr(self, name)
        if value is None and may_be_none:
            return
        fine = isinstance(value, Real) and not isinstance(value, bool) and value <= LONGEST
        if not fine or not (value > 0 if least is None else value >= least):
            bound = "above 0 and" if least is None else f"from {least:g}"
            raise UsageError(f"{name} is a number of seconds {bound} up to a year, not {value!r}")

    def _check_whole(self, name: str, *, may_be_none: bool = False) -> None:
        value = getattr(self, name)
        if value is None and may_be_none:
            return
        fine = isinstance(value, Integral) and not isinstance(value, bool)
        if not fine or not 1 <= value <= _MOST:
            raise UsageError(f"{name} is a whole number above 0, not {value!r}")


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
    return replace(settings, **changes) if settings else Settings(**changes)


def zone(name: str | None) -> tzinfo | None:
    """Return the time zone of that name; no name is the machine's own, which is None.

    A machine whose zone no calendar can hold (`TZ=UTC+25`) has the days of UTC.

    Raise UsageError for a name that no zone has. UTC needs no time zone database.
    """
    if not name:
        return None if _has_zone() else UTC
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo, available_timezones

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        pass
    if not available_timezones():
        raise UsageError(f"no time zone database knows {name!r} here: pip install tzdata")
    raise UsageError(f"there is no time zone {name!r}; write it like 'Asia/Kolkata'")


def _has_zone() -> bool:
    try:
        return datetime.now().astimezone() is not None
    except (ValueError, OverflowError, OSError):
        return False


def seconds(text: str) -> float:
    """Read a duration: `90`, `90s`, `30m`, `2h` or `1d`, in seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text.strip().lower())
    if not match or not float(match[1]):
        raise UsageError(f"{text!r} is no duration: write it like 90s, 30m or 2h")
    return float(match[1]) * SECONDS[match[2]]
