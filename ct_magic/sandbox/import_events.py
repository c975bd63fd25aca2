"""Exported events, from a folder into the tables: Parquet of our own, or CleverTap's JSON lines.

**Parquet.** Any `*.parquet` with the columns that `--export` writes: `profile_id`, `event_name`,
`ts` (UTC), `properties` and `session` (JSON text); and one with `profile_id` and `profile`, `tech`,
`app`, `demographics`, `reachability` (JSON text), `country`, `state`, `city`, where there is one.
A profile may be in several files, if they say the same of it.

**CleverTap's export**, as the vendor's pages describe it: `*.json`, `*.jsonl`, `*.ndjson` or
`*.txt`, also with `.gz` behind it, one JSON object a line; a first line that is no object names the
event of the whole file. What is read of an object:

| key | |
| --- | --- |
| `eventName` | the event; `evtName`, as uploads spell it, does as well |
| `ts` | 14 digits, YYYYMMDDHHMMSS; 10 digits are seconds since 1970 |
| `eventProps` | its properties, an object or its text; also `event_props`, `evtData` |
| `sessionProps` | those of its session; also `session_props` |
| `profile.objectId`, else `profile.identity` | who did it; also `objectId`, `identity` on top |
| `profile.profileData` | the properties of the profile |
| `profile.platform`, `deviceInfo` | `OS`, `Make`, `Model`, `OS Version`; `App Version` |

The pages do not say whose clock the 14 digits are: taken to be the account's time zone. A profile
is as its latest event shows it. Each file is read once, whatever links lead to it; what is hidden
is not read, and a list of an export's files (`manifest.json`) is no part of it. Events have no ids,
so those of a copy are counted once more, which is said.
"""

from __future__ import annotations

import filecmp
import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ct_magic.errors import UsageError

if TYPE_CHECKING:
    import duckdb


def first_line(file: Path) -> str | None:
    """Return the event's name that may come before an export's lines; None where they begin."""
    line = next((line.strip() for line in _text_lines(file) if line.strip()), "{")
    if line.startswith("["):
        raise UsageError(f"{file} is one JSON list; an export has one object on each line")
    return None if line.startswith("{") else line.strip('"')


def mistake_of(file: Path, event: str | None) -> UsageError | None:
    """Look for the first line that is wrong, slowly; only called when there is one."""
    for number, line in enumerate(_text_lines(file), 1):
        if line.strip() and not (number == 1 and event is not None):
            wrong = "this is not UTF-8" if "\ufffd" in line else _line_problem(line, event)
            if wrong:
                return UsageError(f"{file}, line {number}: {wrong}")
    return None


def _line_problem(line: str, event: str | None) -> str | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        return f"this is not JSON ({error})"
    if not isinstance(record, dict):
        return "this is not an object: {...}"
    if not any(map(_is_seen, (record.get("eventName"), record.get("evtName"), event))):
        return "there is no eventName"
    profile = record.get("profile")
    owners = [owner for owner in (profile, record) if isinstance(owner, dict)]
    if not any(_is_seen(owner.get(key)) for owner in owners for key in ("objectId", "identity")):
        return "there is no profile.objectId and no profile.identity"
    objects = {key: record.get(key) for key in OBJECTS}
    objects["profile.profileData"] = profile.get("profileData") if profile in owners else None
    for key, value in objects.items():
        if not _is_object(value):
            return f"{key} is no object: {{...}}"
    return None if _is_time(str(record.get("ts"))) else "ts is not YYYYMMDDHHMMSS"


def _is_seen(value: object) -> bool:
    """Return True for a text or a number that is not blank: what may name a profile or an event."""
    is_text = isinstance(value, str | int | float) and not isinstance(value, bool)
    return is_text and any(char.isprintable() and char != " " for char in str(value))


def _is_object(value: Any) -> bool:
    try:
        return isinstance(json.loads(value) if isinstance(value, str) else value or {}, dict)
    except (ValueError, RecursionError):
        return not value


def _is_time(text: str) -> bool:
    if len(text) == 10:
        return text.isdecimal()
    try:
        datetime.strptime(text, "%Y%m%d%H%M%S")
    except ValueError:
        return False
    return len(text) == 14


def _text_lines(file: Path) -> Iterator[str]:
    with gzip.open(file, "rb") if _is_zipped(file) else file.open("rb") as lines:
        for number, line in enumerate(lines):
            text = line.decode("utf-8", "replace")
            yield text.removeprefix("\ufeff") if number == 0 else text


LINES = (".json", ".jsonl", ".ndjson", ".txt")
EVENTS: tuple[str, ...] = ("profile_id", "event_name", "ts", "properties", "session")
OBJECTS = ("eventProps", "event_props", "evtData", "sessionProps", "session_props")
JSONS: tuple[str, ...] = ("profile", "tech", "app", "demographics", "reachability")
PROFILES = ("profile_id", *JSONS, "country", "state", "city")
_LONGEST_LINE = 1 << 24  # bytes of a line
_LONGEST_LIST = 1 << 20  # bytes of a file that lists others
LARGE = 10_000_000  # bytes of a file that takes a while

_CREATE = """
CREATE TABLE events (
    profile_id VARCHAR NOT NULL, event_name VARCHAR NOT NULL, ts TIMESTAMP NOT NULL,
    properties JSON, session JSON, profile JSON, tech JSON, app JSON);
CREATE TABLE profiles (
    profile_id VARCHAR, profile JSON, tech JSON, app JSON, demographics JSON, reachability JSON,
    country VARCHAR, state VARCHAR, city VARCHAR);
"""
SHAPE: dict[str, object] = {
    **dict.fromkeys(("eventName", "evtName", "ts"), "VARCHAR"),
    **dict.fromkeys((*OBJECTS, "objectId", "identity"), "JSON"),
    "profile": {
        **dict.fromkeys(("objectId", "identity", "profileData"), "JSON"),
        "platform": "VARCHAR",
    },
    "deviceInfo": dict.fromkeys(("make", "model", "osVersion", "appVersion"), "VARCHAR"),
}
# One object of each line, its event and its time; what is wrong with it is NULL here.
READ = """
WITH objects AS (
  SELECT from_json(line, $shape) AS o FROM read_csv($file, columns = {{'line': 'VARCHAR'}},
    auto_detect = false, header = false, delim = '\\x01', quote = '', escape = '', skip = $skip,
    max_line_size = {longest}, strict_mode = false, hive_partitioning = false,
    compression = $compression)
  WHERE trim(line) <> ''),
known AS (
  SELECT o,
    coalesce(named(o.profile.objectId), named(o.profile.identity), named(o.objectId),
      named(o.identity)) AS who,
    coalesce(seen(o.eventName), seen(o.evtName), seen($event)) AS event,
    CASE length(o.ts)
      WHEN 14 THEN timezone('UTC', timezone($zone, try_strptime(o.ts, '%Y%m%d%H%M%S')))
      WHEN 10 THEN make_timestamp(TRY_CAST(o.ts AS BIGINT) * 1000000) END AS ts
  FROM objects)
"""
# What is blank is not a name; some exports hold an object as the text of one. In DuckDB 1 an arrow
# binds less than a comparison, hence its brackets.
_MACROS = """
CREATE OR REPLACE TEMP MACRO seen(t) AS
  CASE WHEN regexp_matches(t, '[^\\s\\p{Z}\\p{C}]') THEN t END;
CREATE OR REPLACE TEMP MACRO named(j) AS
  CASE WHEN json_type(j) NOT IN ('OBJECT', 'ARRAY', 'BOOLEAN', 'NULL') THEN seen(j ->> '$') END;
CREATE OR REPLACE TEMP MACRO opened(j) AS CASE
  WHEN j IS NULL OR json_type(j) = 'NULL' OR (j ->> '$') = '' THEN NULL
  WHEN json_type(j) = 'OBJECT' THEN j
  WHEN json_type(json(j ->> '$')) = 'OBJECT' THEN json(j ->> '$')
  ELSE error('no object') END;
"""
# What is said of a person goes with the event, until the latest of it is known.
_IMPORTED = """
INSERT INTO events {read}
SELECT who, event, ts,
  coalesce(opened(o.eventProps), opened(o.event_props), opened(o.evtData), '{{}}'),
  coalesce(opened(o.sessionProps), opened(o.session_props), '{{}}'),
  opened(o.profile.profileData),
  json_merge_patch('{{}}', json_object('OS', o.profile.platform,
    'Make', o.deviceInfo.make, 'Model', o.deviceInfo.model,
    'OS Version', o.deviceInfo.osVersion)),
  json_merge_patch('{{}}', json_object('App Version', o.deviceInfo.appVersion))
FROM known
"""
SETTLED = """
INSERT INTO profiles
SELECT profile_id, coalesce(arg_max(profile, ts) FILTER (profile IS NOT NULL), '{}') AS p,
  arg_max(tech, ts) AS t, arg_max(app, ts) AS a, '{}', '{}', NULL, NULL, NULL
FROM events WHERE tech IS NOT NULL GROUP BY profile_id
HAVING p <> '{}' OR t <> '{}' OR a <> '{}'
"""
# With two rows a person would count twice; which of two that differ is right, no file says.
TWICE = """
SELECT min(id) FROM (SELECT any_value(profile_id) AS id FROM profiles GROUP BY profile_id
  HAVING count(profile_id) > 1)
"""


def load(
    db: duckdb.DuckDBPyConnection, folder: Path, zone: tzinfo, say: Callable[[str], None]
) -> None:
    """Fill `events` and `profiles` from a folder; UsageError names the file, the line and why."""
    db.execute(_CREATE + _MACROS)
    sources = files(folder)
    events, alike = 0, dict[int, list[Path]]()  # by their size
    for number, file in enumerate(sources, 1):
        size = file.stat().st_size
        twins = [f for f in alike.setdefault(size, []) if filecmp.cmp(f, file, shallow=False)]
        alike[size].append(file)
        if twins:
            say(f"{file.name} is a copy of {twins[0].name}: its events are counted once more")
        if size > LARGE:
            say(f"{number} of {len(sources)} files, reading {size / 1e6:,.0f} MB: {file.name}")
        if _lists_others(file):
            say(f"{number} of {len(sources)} files, passed over, it holds no event: {file.name}")
            continue
        _read(db, file, zone)
        [(events,)] = db.execute("SELECT count(*) FROM events").fetchall()
        say(f"{number} of {len(sources)} files, {events:,} events: {file.name}")
    db.execute(SETTLED)
    if db.execute(TWICE).fetchone() != (None,):
        db.execute("CREATE OR REPLACE TABLE profiles AS SELECT DISTINCT * FROM profiles")
        [(twice,)] = db.execute(TWICE).fetchall()
        if twice is not None:
            raise UsageError(f"{folder}: the profile {twice!r} is there twice, and not alike")
    if not events:
        raise UsageError(f"{folder} holds no event")
    # Who has events but no row of its own is a profile of which nothing is known.
    db.execute(
        "INSERT INTO profiles SELECT DISTINCT profile_id, '{}', '{}', '{}', '{}', '{}', "
        "NULL, NULL, NULL FROM events ANTI JOIN profiles USING (profile_id)"
    )


def _read(db: duckdb.DuckDBPyConnection, file: Path, zone: tzinfo) -> None:
    import duckdb

    try:
        if _file_kind(file) == ".parquet":
            _parquet(db, file)
        else:
            event = first_line(file)
            try:
                _load_lines(db, file, zone, event)
            except duckdb.Error as error:
                raise mistake_of(file, event) or error from None
    except duckdb.ConstraintException:
        raise UsageError(f"{file} holds an event without name, time or profile") from None
    except (duckdb.Error, OSError, EOFError, zlib.error) as error:
        raise UsageError(f"{file} cannot be read: {str(error).splitlines()[0]}") from None


def files(folder: Path) -> list[Path]:
    """Return the exported files of a folder; raise UsageError where there are none."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder: --data takes one with exported events")
    exports: dict[tuple[int, int], Path] = {}
    for file in sorted(folder.rglob("*"), reverse=True):
        # Notebooks keep copies in hidden folders, other systems notes in hidden files.
        is_hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
        if not is_hidden and _file_kind(file) in (*LINES, ".parquet") and file.is_file():
            exports[file.stat().st_dev, file.stat().st_ino] = file  # whatever links lead to it
    if not exports:
        raise UsageError(f"{folder} holds no *.parquet, *.json, *.jsonl or *.ndjson, gzip or not")
    return sorted(exports.values())


def _file_kind(file: Path) -> str:
    plain = file.with_suffix("") if _is_zipped(file) else file
    return plain.suffix.lower()


def _is_zipped(file: Path) -> bool:
    return file.suffix.lower() in (".gz", ".gzip")


def _lists_others(file: Path) -> bool:
    """Return True for one JSON value over the whole file, as `manifest.json`, without an event."""
    if _file_kind(file) != ".json" or _is_zipped(file) or file.stat().st_size > _LONGEST_LIST:
        return False
    text = file.read_text(encoding="utf-8", errors="replace").strip()
    if "manifest" not in file.name.lower() and "\n" not in text:
        return False  # a line that lacks a key is a mistake
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        return False
    parts = whole if isinstance(whole, list) else [whole]
    return bool(parts) and not any(isinstance(part, dict) and SHAPE.keys() & part for part in parts)


def _located(file: Path) -> str:
    """Return a path as DuckDB takes it, which reads `[ ] * ?` as a pattern of several files."""
    return re.sub(r"[*?\[]", lambda match: f"[{match[0]}]", str(file.absolute()))


PARQUET = "read_parquet($1, hive_partitioning = false)"  # a folder `column=value` is no column


def _parquet(db: duckdb.DuckDBPyConnection, file: Path) -> None:
    place = [_located(file)]
    described = db.execute(f"DESCRIBE SELECT * FROM {PARQUET}", place).fetchall()
    columns = {name: kind for name, kind, *_ in described}
    if not columns.get("ts", "TIMESTAMP").startswith("TIMESTAMP"):
        raise UsageError(f"{file}: the column 'ts' is {columns['ts']}; it holds timestamps in UTC")
    table = "events" if "event_name" in columns else "profiles"
    needed, texts = (EVENTS, EVENTS[3:]) if table == "events" else (PROFILES, JSONS)
    if missing := [name for name in needed if name not in columns]:
        raise UsageError(f"{file}: the column {missing[0]!r} is missing; see --export")
    wrong = " OR ".join(f"NOT coalesce(json_valid({name}), true)" for name in texts)
    numbered = f"SELECT *, row_number() OVER () AS row FROM {PARQUET}"
    if bad := db.execute(f"SELECT row FROM ({numbered}) WHERE {wrong} LIMIT 1", place).fetchone():
        raise UsageError(f"{file}, row {bad[0]}: {' or '.join(texts)} is not JSON")
    # What is blank is no name; by way of microseconds, a column with a time zone is UTC as well.
    own = [*(f"seen({name}::VARCHAR)" for name in EVENTS[:2]), "make_timestamp(epoch_us(ts))"]
    taken = ", ".join([*own, *texts] if table == "events" else needed)
    db.execute(f"INSERT INTO {table} ({', '.join(needed)}) SELECT {taken} FROM {PARQUET}", place)


def _load_lines(db: duckdb.DuckDBPyConnection, file: Path, zone: tzinfo, event: str | None) -> None:
    parameters = {
        "file": _located(file),
        "compression": "gzip" if _is_zipped(file) else "none",
        "shape": json.dumps(SHAPE),
        "skip": int(event is not None),
        "event": event,
        "zone": str(zone),
    }
    db.execute(_IMPORTED.format(read=READ.format(longest=_LONGEST_LINE)), parameters)
