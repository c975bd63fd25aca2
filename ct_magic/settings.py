"""How counts are asked for: the settings, their units and their defaults, in one table."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import UsageError

PROGRESS = ("auto", "widget", "html", "text", "none")
SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True)
class Settings:
    """What `%config CountMagics` and the keywords of `count()` set.

    `poll_interval`   seconds between two looks at one count; None: the account's own, else 30,
                      as the API's page asks
    `max_concurrent`  counts asked at once; None: the account's own, else 3, as the page says
    `max_counts`      more counts than this in one cell are refused before anything is sent
    `retry_wait`      seconds before the first retry of a request that brought no answer
    `cache_ttl`       seconds for which a count of past days is answered from the journal; 0: never
    `timeout`         seconds after which a cell stops asking; None: never
    `timezone`        whose days are meant, like "Asia/Kolkata"; None: the account's own, else the
                      machine's
    `progress`        what is shown meanwhile: auto, widget, html, text or none
    """

    poll_interval: float | None = None
    max_concurrent: int | None = None
    max_counts: int = 500
    retry_wait: float = 1.0
    cache_ttl: float = 86400.0
    timeout: float | None = None
    timezone: str | None = None
    progress: str = "auto"

    def __post_init__(self) -> None:
        """Refuse what cannot be meant, naming the setting."""
        for name in ("poll_interval", "max_concurrent", "max_counts", "retry_wait", "timeout"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise UsageError(f"{name} is above 0, not {value!r}")
        if self.cache_ttl < 0:
            raise UsageError(f"cache_ttl is 0 or more seconds, not {self.cache_ttl!r}")
        if self.progress not in PROGRESS:
            raise UsageError(f"progress is one of {', '.join(PROGRESS)}, not {self.progress!r}")


def seconds(text: str) -> float:
    """Read a duration: `90`, `90s`, `30m`, `2h` or `1d`, in seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text.strip())
    if not match or not float(match[1]):
        raise UsageError(f"{text!r} is no duration: write it like 90s, 30m or 2h")
    return float(match[1]) * SECONDS[match[2]]
