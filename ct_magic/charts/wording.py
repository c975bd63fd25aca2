"""Numbers, days and names as a picture says them: in English, whatever the machine's language."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from itertools import zip_longest
from math import ceil, floor, log10

from ct_magic.charts.chart import LETTER, Chart, ChartAxis, Mark
from ct_magic.common import words
from ct_magic.common.words import plain
from ct_magic.results.cells import Cell, CellValue, Series, is_over_time, unit
from ct_magic.results.frame import unit_days

LONGEST, LONGEST_LINE = 36, 90  # characters of a name, and of a line below the title
# A name that holds `after` is quoted, and so is a text: this is the clause's own word.
_AFTER = re.compile(r" after (day|week|month|quarter|year)s?$")
MOVED = re.compile(r" (after|before) (\d+ )?(day|week|month|quarter|year)s?$")
PLANE = 260  # pixels of a plane with lines
MOST = 60  # rows in one picture: more is too long to scroll through
ORDER = "in any order: days are all that the service knows"
HOUR = "hour"  # the column of `by hour`; a property of that name has another one
UNDER_WAY = ("waiting", "submitted", "not yet")


def clause(step: str | None) -> str:
    """Return a step as printed, without the unit that its windows are moved by."""
    return _AFTER.sub("", step or "")


def after_unit(step: str | None) -> str | None:
    """Return what a step's windows are moved by: `week`; None where they are not."""
    match = _AFTER.search(step or "")
    return match[1] if match else None


def is_cumulative(rows: Iterable[Cell]) -> bool:
    """Return True for windows that all begin with one day: each holds the one before."""
    windows = {row.series.window for row in rows if row.series.window is not None}
    return len(windows) > 1 and len({first for first, _ in windows}) == 1


def in_brackets(low: float | None, high: float | None) -> str:
    """Return an interval in brackets, ` (24-28 %)`; nothing where there is none."""
    ends = words.interval(low, high)
    return f" ({ends})" if ends else ""


def number(count: int | None) -> str:
    """Return a count, or that there is none."""
    return "no count" if count is None else f"{count:,}"


def stretch(start: date, end: date) -> str:
    """Return days as they are written everywhere else: ISO, both ends included."""
    return f"{start}" if start == end else f"{start} to {end}"


def period(rows: Iterable[Cell]) -> str:
    """Return the days from the first to the last of some rows."""
    days = [(row.start, row.end) for row in rows]
    return stretch(min(start for start, _ in days), max(end for _, end in days))


def piece(row: Cell, *, with_year: bool = False) -> str:
    """Return what a piece of time is called beside others: `5 Oct`, `2-8 Nov`, `Oct 2026`."""
    first = _own_day(row)
    if row.every in ("month", "quarter", "year"):
        return " ".join(filter(None, _levels(first, row.every, with_year=True)))
    return words.span(first, row.end, year=with_year)


def so_far(row: Cell) -> str:
    """Return how much a partial row counts: `so far, until 30 Nov 11:15`, `2 of 7 days`."""
    if row.is_open and row.counted is not None:
        return f"so far, until {words.day(row.counted.date())} {row.counted:%H:%M}"
    if row.every is None:
        return "not a whole piece"
    days = unit_days(row.every, row.start)
    return "not over yet" if row.days >= days else f"{row.days} of {words.counted(days, 'day')}"


def not_over(rows: Sequence[Cell]) -> list[str]:
    """Return until when the rows that are not over were counted, for a line below the title."""
    some = [row for row in rows if row.is_open and row.count is not None]
    last = max(some, key=lambda row: row.counted or datetime.min, default=None)
    return [f"hollow: {so_far(last)}"] if last else []


def not_comparable(rows: Sequence[Cell]) -> list[str]:
    """Return why there is no change where a last day is not over: `30 Nov is not over: …`."""
    open_rows = [row for row in rows if row.is_open and row.previous is not None]
    last = max((row.end for row in open_rows if row.change is None), default=None)
    return [f"{words.day(last)} is not over: no comparison yet"] if last else []


def two_periods(rows: Sequence[Cell], mark: str) -> str:
    """Return which of two marks is of which days: `upper bar 2-29 Nov, lower bar 5 Oct-1 Nov`."""
    own = words.span(min(row.start for row in rows), max(row.end for row in rows))
    starts = [row.previous_start for row in rows if row.previous_start]
    ends = [row.previous_end for row in rows if row.previous_end]
    other = f", lower {mark} {words.span(min(starts), max(ends))}" if starts and ends else ""
    return f"upper {mark} {own}{other}"


def how_often(rows: Sequence[Cell]) -> str:
    """Return in words what one piece is: `a week`."""
    if any(row.rolls for row in rows):  # each row is a window that ends with its piece
        days = {row.days for row in rows}
        return f"in {days.pop()} days, rolling" if len(days) == 1 else "in windows that roll"
    name = unit(rows)
    return "in each piece" if name is None else f"a {name}"


def short(text: str, longest: int = LONGEST) -> str:
    """Return a foreign text on one line, cut where it is too long."""
    folded = plain(text)
    return folded if len(folded) <= longest else folded[: longest - 1].rstrip() + "…"


def pixels(texts: Iterable[str]) -> int:
    """Return the width of the longest of some texts, about."""
    return max((LETTER * len(text) for text in texts), default=0)


def shortened(texts: Iterable[str], longest: int = LONGEST) -> dict[str, str]:
    """Return texts on one line each, cut if too long, none alike: `…shoes/red`, `…shoes/blue`."""
    known = list(dict.fromkeys(texts))
    cut = {text: short(text, longest) for text in known}
    alike = Counter(cut.values())
    groups = {name: [t for t in known if cut[t] == name] for name, n in alike.items() if n > 1}
    for name, some in groups.items():
        same = next(n for n, chars in enumerate(zip_longest(*some)) if len(set(chars)) > 1)
        begin = max(0, same - longest // 3)
        for text in some:
            cut[text] = short("…" * bool(begin) + plain(text[begin:]), longest)
        if len({cut[text] for text in some}) < len(some):
            cut |= {text: f"{name} ({n})" for n, text in enumerate(some, 1)}
    return cut


def names(rows: Iterable[Cell]) -> dict[Series, str]:
    """Return what each series is called, none alike: where they would be, texts are quoted."""
    events_of = {row.series: row.event for row in rows}
    known = {(series.query, series.values) for series in events_of}
    if len(known) == 1 and not any(values for _, values in known):
        return {series: short(event) for series, event in events_of.items()}
    several = len({query for query, _ in known}) > 1

    def parts_of(series: Series, *, quoted: bool = False) -> tuple[str, ...]:
        texts = [_value_text(name, value, quoted=quoted) for name, _, value in series.values]
        return (*([series.query] if several or not texts else []), *texts)

    # A step and a time are named elsewhere: series that differ in them alone are called the same.
    alike = {(series.query, series.values): parts_of(series) for series in events_of}
    often = Counter(alike.values())
    parts = {s: parts_of(s, quoted=often[parts_of(s)] > 1) for s in events_of}
    cut = shortened(part for some in parts.values() for part in some)
    return {series: " · ".join(cut[part] for part in some) for series, some in parts.items()}


def _value_text(name: str, value: CellValue, *, quoted: bool) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False) if quoted else value
    if name == HOUR and value in range(24):
        return f"{value:02.0f}:00"
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def labels(rows: Sequence[Cell], *, with_days: bool = True) -> list[str]:
    """Return what each row is called: of its series, step, window and days what tells it apart."""
    called, steps = names(rows), shortened(clause(row.series.step) for row in rows)
    several = len({row.series.query for row in rows}) > 1
    # A step with one window says it itself.
    windows = Counter(step for step, _ in {(row.series.step, row.series.window) for row in rows})
    # Own days that are left out are always the last ones.
    ends = {row.start if row.series.window else (row.start, row.end) for row in rows}
    has_days = with_days and len(ends) > 1
    within, over_time = is_cumulative(rows), has_days and is_over_time(rows)
    found = []
    for row in rows:
        series, step = row.series, steps[clause(row.series.step)]
        parts = [called[series]] if series.values or several else []
        parts += [step] if step and len(steps) > 1 else []
        if series.window is not None and windows[series.step] > 1:
            parts.append(words.window_words(series.window, within=within))
        if series.after is not None:
            parts.append(f"{after_unit(series.step) or 'after'} {series.after}")
        parts = parts or [step or called[series]]
        if has_days:
            parts.append(piece(row) if over_time else stretch(row.start, row.end))
        found.append(" · ".join(parts))
    return found


def events(rows: Iterable[Cell]) -> str:
    """Return the events of some rows: `App Launched, Charged`."""
    names = list(dict.fromkeys(row.event for row in rows))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(short(name) for name in names[:3]) + more


# The places of ticks: at round numbers, and at pieces of time that have room for their names.

MOST_TICKS = 9
THREE_WEEKS = 21  # days from which on Mondays are named
LONG = 45  # days in a row that are named by their months


def count_axis(values: Sequence[int]) -> ChartAxis:
    """Return an axis from 0 to a round number above these counts, with whole numbers."""
    step = max(1, round(_step(max(values, default=1) / 5)))
    top = step * max(1, ceil(max(values, default=1) / step))
    return ChartAxis(0, top, tuple((n, f"{n:,}") for n in range(0, top + 1, step)), grid=True)


def share_axis(values: Sequence[float]) -> ChartAxis:
    """Return an axis from 0 to a round share above these, at most to all."""
    largest = min(1.0, max(values, default=1.0)) or 1.0
    step = _step(largest / 5)
    number = ceil(largest / step - 1e-9)
    ticks = tuple((round(n * step, 9), words.share(n * step)) for n in range(number + 1))
    return ChartAxis(0, ticks[-1][0], tuple(t for t in ticks if t[0] <= 1), grid=True)


def row_axis(names: Sequence[str]) -> ChartAxis:
    """Return the axis of rows below each other: the first at 0, each further one lower by 1."""
    return ChartAxis(0.5 - len(names), 0.5, tuple((-n, name) for n, name in enumerate(names)))


def place(row: Cell) -> int:
    """Return where a piece is in time: at its first day, or the last one of a window."""
    return _own_day(row).toordinal()


def time_axis(rows: Sequence[Cell]) -> ChartAxis:
    """Return an axis over the pieces of some rows, with a little room at both ends."""
    pieces = [row for _, row in sorted({place(row): row for row in rows}.items())]
    first, last = place(pieces[0]), place(pieces[-1])
    room = max(0.5, 0.015 * (last - first))
    # As many names as have room: of months' firsts, of Mondays, or of each so many.
    named, unit = pieces, pieces[0].every
    if unit == "day" and len(pieces) > LONG:
        named, unit = [row for row in pieces if _own_day(row).day == 1] or pieces, "month"
    elif unit == "day" and len(pieces) >= THREE_WEEKS:
        named = [row for row in pieces if _own_day(row).weekday() == 0] or pieces
    step = ceil(len(named) / MOST_TICKS)
    # The last piece is the one that people look at.
    named = named[(len(named) - 1) % step :: step]
    years = {_own_day(row).year for row in named}
    ticks: list[tuple[float, str]] = []
    before = ""
    for row in named:
        name, below = _levels(_own_day(row), unit, with_year=len(years) > 1)
        ticks.append((float(place(row)), f"{name}\n{below}" if below not in ("", before) else name))
        before = below
    return ChartAxis(first - room, last + room, tuple(ticks))


def _levels(day: date, unit: str | None, *, with_year: bool) -> tuple[str, str]:
    month = words.MONTHS[day.month - 1]
    match unit:
        case "year":
            return f"{day.year}", ""
        case "quarter":
            return f"Q{(day.month + 2) // 3}", f"{day.year}"
        case "month":
            return month, f"{day.year}"
    return f"{day.day}", f"{month} {day.year}" if with_year else month


def _own_day(row: Cell) -> date:
    return row.end if row.rolls else row.start


def _step(least: float) -> float:
    """Return the least of 1, 2, 5, 10, 20, ... (and 0.1, ...) that is not below this."""
    if least <= 0:
        return 1.0
    power = 10.0 ** floor(log10(least))
    return next(n * power for n in (1, 2, 5, 10) if n * power >= least * (1 - 1e-9))


# Charts, put together: of any marks, and of rows below each other.


def chart_of(
    rows: Sequence[Cell],
    what: str,
    notes: Sequence[str],
    gist: str,
    axes: tuple[ChartAxis, ChartAxis],
    marks: Iterable[Mark],
    height: int = PLANE,
    margin: int = 12,
) -> Chart:
    """Return the chart of some rows: with its title, the lines below it, and all that in words."""
    columns = dict.fromkeys(name for row in rows for name, *_ in row.series.values)
    by = f", by {' and '.join(map(short, columns))}" if columns else ""
    title = f"{events(rows)}: {what}{by}"
    # The statement as typed, where it is one and says more than its event.
    typed = {(row.series.query, row.event) for row in rows}
    lines = [short(query, 3 * LONGEST_LINE) for query, event in typed if query != event]
    lost = sum(row.count is None and row.status not in UNDER_WAY for row in rows)
    missing = [f"{lost:,} of {len(rows):,} without a count"] if lost else []
    return Chart(
        title=title,
        lines=(*(lines if len(typed) == 1 else []), "; ".join([*notes, *missing])),
        alt=f"{title}, {period(rows)}{f', {ORDER}' if ORDER in notes else ''}. {gist}",
        x=axes[0],
        y=axes[1],
        marks=tuple(marks),
        height=height,
        margin=margin,
    )


def row_chart(
    rows: Sequence[Cell],
    shown: Sequence[Cell],
    what: str,
    notes: Sequence[str],
    x: ChartAxis,
    text_of: Callable[[Cell], str],
    marks_of: Callable[[int, Cell, str, str], Iterable[Mark]],
    height: int,
) -> Chart:
    """Return the chart of `shown` rows below each other; `marks_of(place, row, name, text)`."""
    named = [
        (row, name, text_of(row)) for row, name in zip(shown[:MOST], labels(shown), strict=False)
    ]
    marks = [mark for n, one in enumerate(named) for mark in marks_of(-n, *one)]
    cut = [f"the first {MOST} of {len(shown):,} rows"] if len(shown) > MOST else []
    gist = short("; ".join(f"{name}: {text}" for _, name, text in named), 300)
    y = row_axis([name for _, name, _ in named])
    margin = 16 + pixels(text for *_, text in named)
    notes = [*notes, *cut, *not_over(rows)]
    return chart_of(rows, what, notes, f"{gist}.", (x, y), marks, height * len(named), margin)
