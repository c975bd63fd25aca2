"""What the tests of the language feed it: queries of every shape, and cells that people break."""

import json
import random
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from hypothesis import strategies as st

from ct_magic import QueryError
from ct_magic.query.lexer import CONTEXTUAL, SYMBOLS, WORDS
from ct_magic.query.model import (
    ORDERING,
    SEARCHING,
    TIME_OF_DAY,
    ClockRange,
    Days,
    Did,
    DidAny,
    DidNot,
    Event,
    Filter,
    JsonQuery,
    Last,
    Often,
    Operator,
    Property,
    Query,
    Scope,
    Unit,
)
from ct_magic.query.parser import condition, event, parse, statements
from ct_magic.query.payload import OFTEN, TIMES, from_payload, to_payload
from ct_magic.query.printer import layout, to_text

HERE = Path(__file__).parents[1] / "query"
BROKEN_CELLS = HERE / "broken-cells.txt"
TODAY = date(2026, 11, 23)
UNSEEN = {
    "<TAB>": "\t",
    "<NBSP>": "\u00a0",
    "<FF>": "\f",
    "<CR>": "\r",
    "<ZWSP>": "\u200b",
    "<LONE>": "\ud83d",
}


def broken_cells() -> Iterator[tuple[str, str]]:
    """The cells of broken-cells.txt and what they must answer; characters unseen have names."""
    for block in BROKEN_CELLS.read_text(encoding="utf-8").split("--------\n"):
        for name, char in UNSEEN.items():
            block = block.replace(name, char)
        cell, _, error = block.partition("========\n")
        yield cell.removesuffix("\n"), error.removesuffix("\n")


def shown_unseen(text: str) -> str:
    """The text with names in the place of characters that cannot be seen."""
    for name, char in UNSEEN.items():
        text = text.replace(char, name)
    return text


# Queries of every shape.

SCALARS = (
    st.text(st.characters(exclude_categories=["Cs"]))
    | st.sampled_from(["True", "False", 'a"b', "it's", "\\", "line\nbreak", "#", "{"])
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300)
)
NUMBERS = st.integers(-(10**20), 10**20) | st.floats(-1e300, 1e300)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NAMES = (
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
    | st.sampled_from(["App Launched", "geo", "Ride by night", "value contains", "a  b", "x$", "é"])
    | st.sampled_from([*CONTEXTUAL, "share", "first quarter", "happy hour", "A then B", "cohort A"])
    | st.lists(
        st.sampled_from(["App", "by", "equals", "day", "प्रयोग", "_x", "today"]), min_size=1
    ).map(" ".join)
)
DATES = st.dates(date(1, 1, 1), date(9999, 12, 31)) | st.dates(TODAY - timedelta(90), TODAY)
PERIODS = st.tuples(DATES, DATES).map(lambda pair: Days(min(pair), max(pair))) | DATES.map(
    lambda day: Days(day, day)
)
OPERATORS = {
    **dict.fromkeys(Operator, SCALARS | st.lists(SCALARS, min_size=1).map(tuple)),
    **dict.fromkeys(ORDERING, NUMBERS),
    **dict.fromkeys(SEARCHING, TEXTS),
    **dict.fromkeys([Operator.EXISTS, Operator.DOES_NOT_EXIST], st.just("")),
}
PLACES = st.lists(TEXTS.filter(lambda t: t and "/" not in t), min_size=1, max_size=3).map(tuple)


def filters(scopes: list[Scope]) -> st.SearchStrategy[Filter]:
    properties = st.builds(Property, NAMES, st.sampled_from(scopes))
    return st.sampled_from(Operator).flatmap(
        lambda operator: st.builds(Filter, properties, st.just(operator), OPERATORS[operator])
    )


def events(scopes: list[Scope], periods: st.SearchStrategy[object]) -> st.SearchStrategy[Event]:
    ranges = st.tuples(st.builds(Property, NAMES), NUMBERS, NUMBERS).map(
        lambda r: (
            Filter(r[0], Operator.GREATER_THAN_EQUALS, min(r[1:])),
            Filter(r[0], Operator.LESS_THAN_EQUALS, max(r[1:])),
        )
    )
    wheres = st.lists(filters(scopes), max_size=3).map(tuple) | ranges
    return st.builds(Event, NAMES, wheres, periods)


CLOCKS = st.tuples(st.integers(0, 1439), st.integers(0, 1439)).map(
    lambda pair: Filter(TIME_OF_DAY, Operator.EQUALS, ClockRange(min(pair), max(pair)))
)
HOW_OFTEN = st.builds(Often, st.sampled_from(sorted(OFTEN, key=str)), st.integers(1, 10**9))
INNER = events([Scope.EVENT, Scope.SESSION], st.none() | PERIODS)
COUNTED = st.tuples(INNER, st.none() | HOW_OFTEN).map(lambda two: replace(two[0], often=two[1]))
ANY_OF = st.builds(
    DidAny,
    st.lists(INNER, min_size=1, max_size=2).map(tuple),
    st.sampled_from(sorted(TIMES, key=str)),
    st.integers(1, 10**9),
)
BASE = events(list(Scope), PERIODS)
SINGLES = st.builds(
    Query,
    BASE | st.builds(lambda e, c: replace(e, where=(*e.where, c)), BASE, CLOCKS),
    places=st.lists(PLACES, max_size=2).map(tuple),
    clauses=st.tuples(
        st.lists(st.builds(Did, COUNTED), max_size=2),
        st.lists(st.builds(DidNot, INNER), max_size=2),
        st.lists(ANY_OF, max_size=1),
    ).map(lambda kinds: tuple(clause for clauses in kinds for clause in clauses)),
    label=st.none() | NAMES.filter(lambda name: not re.search("[\r\n]", name)),
)

# Cells that people break.

PARTS = [
    *WORDS,
    *SYMBOLS,
    *(";", "#", "$x", "$", "{", "}", "[", "]", "-", "/", "%", "\\", "'", '"', "<>", "==", "&&"),
    *('"Shoes"', "'x", "5", "-2", "9.99", "1e999", "2x", "9" * 5000, "Shoes", "App Launched"),
    *("2015-08-10", "20150810", "2015-02-30", "2015-13", "2015/08/10", "9999-12-31", "0001-01-01"),
    *("\t", " ", "\n", "\r\n", "\r", "\n  ", "\u00a0", "\ufeff", "\0", "\f", "\v", "\x1c", "\x85"),
    *(
        "\u2028",
        "\ud83d",
        "\u201c",
        "\uff15",
        "\u0301",
        "\U0001f355",
        "\u202e",
        "१",
        "½",
        "Ⅷ",
        "文",
    ),
    *("contains", "does_not_exist", "equals", "geo", "profile.", "session.", "where A = 1 and"),
    *('{"event_name": "x", "from": 20150101, "to": 20150102}', "[" * 50, '{"a":' * 40, "NaN"),
    *(*CONTEXTUAL, "13:00..17:00", "share did A", "after 0..3 weeks", "vs previous", "or ("),
    *("by first week", "rolling 7 days", "session.time_of_day in 1:00..02:00", "before 1 month"),
    *("last 7 days", "by day", "did any (", "today-3", "since", "a: ", 'in ("a", "b")'),
]


RIGHT = [
    'x: A where (A = 1 or "geo" = 2) and geo = "Oman" and B in 1..3 today',
    "A where session.time_of_day in 08:00..09:59 or session.time_of_day in 20:00..21:59 last week",
    "A last 2 weeks\n  did B >= 3\n  share did not C before 1 week\n  share did D after 0..3 weeks"
    "\n  by first week, hour in (1)",
    "A last 2 quarters did any (B before 1 month, C) = 2 vs before 1 year by month, hour in (1)",
    "A where hour = 1 or quarter = 2 and first quarter = 3 last week by day rolling 2 quarters",
    "Charged where A >= 1 and A <= 2 and A <= 3 last 2 weeks",
    "A last month share did C on day 2 share did B within 1, 7 days >= 2",
    "A where A = 1 last 4 weeks share did C within 30 days share did not B on days 1..6, 7..13"
    "\n  vs previous by first week",
    "A 2026-Q3 vs 2026-Q2 share did any (B 2026-11, C) on day 0, 1 >= 2",
    'Charged within 20260101 share where "geo" = 1 and tech.b ~ "x" or C not exists share did B',
    "Charged where Total equals equals 5 and greater_than greater_than -2.5e-7 this year",
    'A where session.a != $x and profile.b ~ \'x\' and "geo" exists and geo = "Oman" last week',
    '"since": Charged since today-40\n  did not A today by month',
    "Charged 2026-11-01..2026-11-10 did any (A last 3 months, B on 20261101) < 2 by week, P in (1)",
    '购买 where 金额 not in (5, "五") from 2026-01-01 to today',
    '{"event_name": "x", "from": 20150101, "to": 20150102, "session_properties": '
    '[{"name": "a", "value": "b\\n"}, {"name": "c", "operator": "exists", "value": ""}]}',
    '{"event_name": "x", "from": 20150101, "to": 20150102, "common_profile_properties": '
    '{"geo_fields": [["Oman"], ["India", "Goa"]], "demographics": [{"name": "age", '
    '"operator": "less_than", "value": 30.0}]}, "advanced_query": {"did_any": {"any_events": '
    '[{"event_name": "y", "from": 20150101, "to": 20150102}], "operator": "equals", "value": 1}}}',
]


def corpus() -> list[str]:
    """Cells that are right, and cells that are wrong in the ways people are."""
    examples = json.loads((HERE / "query-examples.json").read_text(encoding="utf-8"))
    right = [*RIGHT, *(e["text"] for e in examples["examples"] if "params" not in e)]
    wrong = [cell for cell, _ in broken_cells()]
    return right * (len(wrong) // len(right)) + wrong


def broken(rng: random.Random, cells: list[str]) -> str:
    """Break a cell at one place or at some."""
    cell = rng.choice(cells)
    for _ in range(rng.choice([1, 1, 1, 2, 3, 8])):
        cell = rng.choice(WAYS)(rng, cell, rng.choice(cells))
    return cell


def _cut(rng: random.Random, cell: str) -> tuple[str, str, str]:
    start, end = sorted([rng.randint(0, len(cell)), rng.randint(0, len(cell))])
    end = min(end, start + rng.choice([0, 1, 3, 10]))
    return cell[:start], cell[start:end], cell[end:]


def _lose(rng: random.Random, cell: str, _: str) -> str:
    before, _, after = _cut(rng, cell)
    return before + after


def _put(rng: random.Random, cell: str, _: str) -> str:
    before, _, after = _cut(rng, cell)
    space = rng.choice(["", " "])
    return before + space + rng.choice(PARTS) + space + after


def _repeat(rng: random.Random, cell: str, _: str) -> str:
    before, middle, after = _cut(rng, cell)
    return before + middle * 2 + after


def _graft(rng: random.Random, cell: str, other: str) -> str:
    return _cut(rng, cell)[0] + _cut(rng, other)[2]


def _shout(rng: random.Random, cell: str, _: str) -> str:
    before, middle, after = _cut(rng, cell)
    return before + middle.swapcase() + after


def _join(rng: random.Random, cell: str, other: str) -> str:
    return cell + rng.choice(["\n", "\n  ", " ", "\r\n"]) + other


def _heap(rng: random.Random, _: str, __: str) -> str:
    return " ".join(rng.choice(PARTS) for _ in range(rng.randint(1, 12)))


WAYS: list[Callable[[random.Random, str, str], str]] = [
    *(_lose, _put, _put, _repeat, _graft, _shout, _join, _heap)
]

# What must hold of every text.

_STAND_INS = re.compile("[\u2400-\u241f\ufffd]")  # is printed for what no text can hold


def check_text(cell: str) -> bool:
    """Hold promises 1 to 4 to a text; say whether it was a query."""
    try:
        queries = parse(cell, today=TODAY, params={"x": 5}, max_counts=40)
    except QueryError as error:
        check_error(cell, error)
        return False
    for query in queries:
        check_query(query)  # type: ignore[arg-type] # pasted JSON keeps the promises too
    for statement in statements(cell, {"x": 5}, TODAY):
        if not _STAND_INS.search(to_text(statement)):
            check_statement(statement)
    return True


def check_statement(query: Query | JsonQuery) -> None:
    """Hold promise 2 to a statement with all its clauses."""
    printed = to_text(query)
    for form in (printed, layout(query)):
        (reread,) = statements(form, today=TODAY)
        assert reread == query, form
        assert reread.label == query.label
        assert to_text(reread) == printed


def check_query(query: Query) -> None:
    """Hold promises 2 and 3 to a single count: prints and JSON read back as the same query."""
    printed = to_text(query)
    assert "\n" not in printed
    assert "\r" not in printed
    for form in (printed, layout(query)):
        (reread,) = parse(form, today=TODAY)
        assert reread == query, form
        assert reread.label == query.label
        assert to_text(reread) == printed
    assert from_payload(to_payload(query)) == query
    json.dumps(to_payload(query), allow_nan=False).encode("ascii")
    hash(query)


def torn_parts(rng: random.Random, cells: list[str]) -> Iterator[str]:
    """Yield what is behind a `where` or `did` of whole and broken cells: some of it are parts."""
    ends = (" last ", " did ", " by ", "\n", " share ", " vs ")
    for text in (rng.choice(cells), broken(rng, cells)):
        for word in ("where ", "did "):
            rest = text.rpartition(word)[2]
            yield rest
            yield min((rest.partition(end)[0] for end in ends), key=len)


def check_part(text: str) -> bool:
    """Hold what is promised of named parts to a text; True if it is a condition or an event."""
    made = False
    for make, frame in ((condition, "A where {}"), (event, "A did {}")):
        try:
            part = make(text)
        except QueryError as error:
            check_error(text, error)
            continue
        made = True
        if _STAND_INS.search(str(part)):
            continue
        assert make(str(part)) == part
        if make is condition:
            named, typed = (
                statements(frame.format(inside), {"p": part}, TODAY) for inside in ("$p", str(part))
            )
            assert named == typed
    with suppress(QueryError):
        statements("A where $p", {"p": text}, TODAY)
        raise AssertionError("a text became a condition")
    with suppress(QueryError):
        (query,) = statements("$p last 7 days", {"p": text}, TODAY)
        assert query == Query(Event(text, (), Last(7, Unit.DAY)))
    return made


def check_error(cell: str, error: QueryError) -> None:
    """Hold promise 4 to an error: its place is in the text, and it can be printed."""
    lines = re.split("\r\n?|\n", cell.removeprefix("\ufeff"))
    assert 1 <= error.line <= len(lines)
    line = lines[error.line - 1]
    assert error.source == re.sub("[\ud800-\udfff]", "\ufffd", line)
    assert 1 <= error.column <= len(line) + 1
    assert 1 <= error.length <= max(1, len(line) - error.column + 1)
    assert error.message
    assert error.message == error.message.strip()
    str(error).encode()
