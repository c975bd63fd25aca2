"""An export's lines one by one, slowly: the name that stands before them, and which is wrong."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from ..errors import UsageError


def first_line(file: Path) -> str | None:
    """Return the event's name that may stand before an export's lines; None where they begin."""
    line = next((line.strip() for line in _text(file) if line.strip()), "{")
    if line.startswith("["):
        raise UsageError(f"{file} is one JSON list; an export has one object on each line")
    return None if line.startswith("{") else line.strip('"')


def mistake_of(file: Path, event: str | None) -> UsageError | None:
    """Look for the first line that is wrong, slowly; only called when there is one."""
    for number, line in enumerate(_text(file), 1):
        if line.strip() and not (number == 1 and event is not None):
            wrong = "this is not UTF-8" if "\ufffd" in line else _wrong(line, event)
            if wrong:
                return UsageError(f"{file}, line {number}: {wrong}")
    return None


def _wrong(line: str, event: str | None) -> str | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        return f"this is not JSON ({error})"
    if not isinstance(record, dict):
        return "this is not an object: {...}"
    if not (event or record.get("eventName") or record.get("evtName")):
        return "there is no eventName"
    profile = record.get("profile")
    ways = [*_ids(profile), *_ids(record)]
    if not any(ways):
        return "there is no profile.objectId and no profile.identity"
    return None if _is_time(str(record.get("ts"))) else "ts is not YYYYMMDDHHMMSS"


def _ids(record: Any) -> Iterable[Any]:
    return (record.get("objectId"), record.get("identity")) if isinstance(record, dict) else ()


def _is_time(text: str) -> bool:
    if len(text) == 10:
        return text.isdecimal()
    try:
        datetime.strptime(text, "%Y%m%d%H%M%S")
    except ValueError:
        return False
    return len(text) == 14


def _text(file: Path) -> Iterator[str]:
    zipped = file.suffix in (".gz", ".gzip")
    with gzip.open(file, "rb") if zipped else file.open("rb") as lines:
        for number, line in enumerate(lines):
            text = line.decode("utf-8", "replace")
            yield text.removeprefix("\ufeff") if number == 0 else text
