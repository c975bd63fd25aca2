"""`$name`: what a variable of the notebook becomes, and what it may not be."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from ct_magic import Account, QueryError, Settings
from ct_magic.client.credentials import Secret
from ct_magic.planning.prepare import prepare
from ct_magic.query.parser import parse, statements
from ct_magic.query.payload import to_payload
from ct_magic.query.printer import to_text

TODAY = date(2026, 11, 23)
DAY = date(2026, 1, 2)
HOUR = pd.Period("2026-02-01 10:00", freq="h")  # whose name changed


class Kind(StrEnum):
    SHOES = "shoes"


class Colour(Enum):
    RED = "red"


class Size(IntEnum):
    BIG = 9


def sent(text: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON of a cell with one count."""
    (query,) = parse(text, params=params, today=TODAY)
    return to_payload(query)


@pytest.mark.parametrize(
    ("value", "becomes"),
    [
        ("Shoes", "Shoes"),
        ('a" and b = "c', 'a" and b = "c'),
        ("line\nbreak", "line\nbreak"),
        ("", ""),
        (True, "True"),
        (5, 5),
        (9.5, 9.5),
        (-(10**20), -(10**20)),
        (np.int64(5), 5),
        (np.uint8(5), 5),
        (np.float32(0.5), 0.5),
        (np.float32(9.99), 9.99),
        (np.float64(0.1), 0.1),
        (np.bool_(False), "False"),
        (np.str_("x"), "x"),
        (np.array(5), 5),
        (Kind.SHOES, "shoes"),
        (Size.BIG, 9),
        (pd.Series([1, 2]).max(), 2),
        (Decimal("9.90"), 9.9),
        (Decimal("9007199254740993.0"), 9007199254740993),
        (Decimal("1E+22"), 10**22),
        (2**60 + 1, 2**60 + 1),
        (Decimal(5), 5),
        (Colour.RED, "red"),
        (np.longdouble(2**53) + 1, 2**53 + 1),
        (np.longdouble("0.1"), 0.1),
        (pa.scalar(9.99, pa.float32()), 9.99),
        (pa.scalar("x"), "x"),
        (pa.scalar(5), 5),
    ],
)
def test_a_value_keeps_its_type(value: object, becomes: object) -> None:
    """A string cannot bring an operator along, and a number of numpy is a number in JSON."""
    (condition,) = sent("A where x = $v", {"v": value})["event_properties"]
    assert condition == {"name": "x", "operator": "equals", "value": becomes}
    assert type(condition["value"]) is type(becomes)


@pytest.mark.parametrize(
    ("values", "becomes"),
    [
        (["a", 2, True], ["a", 2, "True"]),
        (("b", "a"), ["b", "a"]),
        ({"b", "a", "c"}, ["a", "b", "c"]),
        (frozenset({3, 1.5, "x", 2}), [1.5, 2, 3, "x"]),
        (pd.Series(["b", "a"]), ["b", "a"]),
        (pd.Index([3, 1]), [3, 1]),
        (pd.Series(["b", "a"], dtype="category"), ["b", "a"]),
        (pd.Series(["b", "a"], dtype="string"), ["b", "a"]),
        (np.array([1.5, 2.5]), [1.5, 2.5]),
        (range(1, 4), [1, 2, 3]),
        ([Decimal("1.5"), Colour.RED], [1.5, "red"]),
        (pa.array(["b", "a"]), ["b", "a"]),
        (pa.chunked_array([[1], [2]]), [1, 2]),
        (pd.Series(["b"], dtype=pd.ArrowDtype(pa.string())), ["b"]),
    ],
)
def test_a_list_becomes_the_values_in_its_order(values: object, becomes: list[object]) -> None:
    """Sets have no order, so that theirs is made: the same cell must send the same JSON."""
    (condition,) = sent("A where x in $v", {"v": values})["event_properties"]
    assert condition["value"] == becomes
    assert [type(value) for value in condition["value"]] == [type(value) for value in becomes]


@pytest.mark.parametrize(
    "day",
    [
        DAY,
        datetime(2026, 1, 2, 23, 59),
        pd.Timestamp("2026-01-02 23:59"),
        pl.Series([datetime(2026, 1, 2, 23, 59)])[0],
        pa.scalar(datetime(2026, 1, 2, 23, 59)),
        np.array(datetime(2026, 1, 2, 23, 59), dtype=object),
        np.datetime64("2026-01-02"),
        np.datetime64("2026-01-02T10:00", "ns"),
    ],
)
def test_a_date_is_the_day_it_names(day: object) -> None:
    """A date, and a time without a zone of its own, mean the day that they name."""
    assert sent("A $d", {"d": day})["from"] == 20260102
    assert sent("A since $d", {"d": day})["from"] == 20260102
    assert sent("A from $d to today", {"d": day})["from"] == 20260102
    assert sent("A $d..$d", {"d": day})["to"] == 20260102


EVENING = datetime(2026, 11, 1, 20, tzinfo=UTC)  # in India it is the next day by then


@pytest.mark.parametrize(
    "moment",
    [
        EVENING,
        EVENING.astimezone(ZoneInfo("America/New_York")),
        pd.Timestamp(EVENING),
        pd.Timestamp("2026-11-01 20:00:00.000000001", tz="UTC"),
        pd.Timestamp("2026-11-01 12:00", tz="America/Los_Angeles"),
        pd.Series([EVENING]).max(),
        pd.Series([EVENING]).astype("datetime64[ns, Europe/Berlin]")[0],
        np.array(EVENING, dtype=object),
        pa.scalar(EVENING),
        pa.scalar(EVENING, pa.timestamp("ns", "Asia/Tokyo")),
        pl.Series([EVENING])[0],
    ],
)
def test_a_time_with_a_zone_is_an_instant(moment: object) -> None:
    """Its day is the one that the account has at that instant, whatever zone it was written in."""
    for zone, day in ((ZoneInfo("Asia/Kolkata"), 20261102), (UTC, 20261101)):
        for text in ("A $d", "A $d..today", "A from $d to yesterday", "A since $d"):
            (query,) = parse(text, params={"d": moment}, today=TODAY, zone=zone)
            assert to_payload(query)["from"] == day


def test_an_instant_is_a_day_of_the_account() -> None:
    """Of the account's zone where it has one, of the settings' where they name one."""
    account = Account("one", "ID", Secret("PC"), timezone="Asia/Kolkata")
    for settings, day in ((Settings(), 2), (Settings(timezone="UTC"), 1)):
        cell = prepare("A $d", params={"d": EVENING}, account=account, settings=settings)
        assert cell.plan.rows[0].start == date(2026, 11, day)


def test_today_may_be_an_instant() -> None:
    """A script that passes the time it runs at means the account's day."""
    (query,) = parse("A today", today=EVENING, zone=ZoneInfo("Asia/Kolkata"))
    assert to_payload(query)["from"] == 20261102


@pytest.mark.parametrize(
    "values",
    [
        np.array([9.99, 0.1], dtype="float32"),
        [np.float32(9.99), np.float32(0.1)],
        {np.float32(9.99), np.float32(0.1)},
        pd.Series([9.99, 0.1], dtype="float32"),
        pd.Series([9.99, 0.1], dtype="Float32"),
        pd.Series([9.99, 0.1], dtype="float[pyarrow]"),
        pd.Series([9.99, 0.1], dtype="float32").astype("category"),
        pd.Series(pd.arrays.SparseArray(np.array([9.99, 0.1], dtype="float32"))),
        pd.Index(np.array([9.99, 0.1], dtype="float32")),
        pd.CategoricalIndex(np.array([9.99, 0.1], dtype="float32")),
        pd.array([9.99, 0.1], dtype="Float32"),
        pa.array([9.99, 0.1], pa.float32()),
        pa.array([9.99, 0.1], pa.float32()).dictionary_encode(),
        pa.chunked_array([pa.array([9.99, 0.1], pa.float32())]),
        list(pa.array([9.99, 0.1], pa.float32())),
        pa.scalar([9.99, 0.1], pa.list_(pa.float32())),
        pa.array([[9.99, 0.1]], pa.large_list(pa.float32()))[0],
        pa.array([[9.99, 0.1]], pa.list_(pa.float32(), 2))[0],
        pl.Series([[9.99, 0.1]], dtype=pl.List(pl.Float32))[0],
        pl.Series([9.99, 0.1], dtype=pl.Float32),
        pd.Series([9.99, 0.1]),
        pa.array([9.99, 0.1]),
        pl.Series([9.99, 0.1]),
    ],
)
def test_small_floats_keep_their_digits(values: object) -> None:
    """9.99 of 32 bits is 9.99, in whatever it is held: 9.989999771118164 would find nobody."""
    (condition,) = sent("A where x in $v", {"v": values})["event_properties"]
    assert sorted(condition["value"]) == [0.1, 9.99]


@pytest.mark.parametrize(
    "values",
    [
        np.array([9.99], dtype="float16"),
        pd.Series([9.99], dtype="float16"),
        pd.Series([np.float16(9.99)], dtype="halffloat[pyarrow]"),
        pa.array([np.float16(9.99)], pa.float16()),
    ],
)
def test_floats_of_sixteen_bits_keep_theirs(values: object) -> None:
    """They have three digits and a little."""
    assert sent("A where x in $v", {"v": values})["event_properties"][0]["value"] == [9.99]


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        (pd.Period("2026-02"), 20260201, 20260228),
        (pd.Period("2026Q3"), 20260701, 20260930),
        (pd.Period("2025", freq="Y"), 20250101, 20251231),
        (pd.Period("2026-11-18", freq="W"), 20261116, 20261122),
        (DAY, 20260102, 20260102),
    ],
)
def test_a_period_of_pandas_is_a_period(period: object, first: int, last: int) -> None:
    """A month, quarter, year or Monday-to-Sunday week that a notebook already holds."""
    body = sent("A $p did B on $p", {"p": period})
    assert (body["from"], body["to"]) == (first, last)
    inner = body["advanced_query"]["did_all"][0]
    assert (inner["from"], inner["to"]) == (first, last)


@pytest.mark.parametrize("text", ["A 2026-Q3 {}", "A $p {}"])
def test_a_quarter_is_named_as_one(text: str) -> None:
    """So that `vs previous` is the whole quarter before, not as many days; and so it is printed."""
    params = {"p": pd.Period("2026Q3")}
    (row, other) = parse(text.format("vs previous"), params=params, today=TODAY)
    assert to_payload(row)["from"] == 20260701
    assert (to_payload(other)["from"], to_payload(other)["to"]) == (20260401, 20260630)
    for clause in ("vs previous", "did B", "by month", "vs 2025-Q3", "did B 2026-Q1"):
        (query,) = statements(text.format(clause), params, TODAY)
        assert query.source == f"A 2026-Q3 {clause}"
        assert to_text(query) == f"A 2026-Q3 {clause}"
        assert statements(to_text(query), today=TODAY) == (query,)


def test_a_quarter_is_other_than_its_dates() -> None:
    """They ask other days beside `vs previous`, so they are printed apart and are not equal."""
    named, dates = statements("A 2026-Q3 vs previous\nA 2026-07-01..2026-09-30 vs previous")
    assert named != dates
    assert to_text(dates) == "A 2026-07-01..2026-09-30 vs previous"


def test_a_year_of_pandas_is_its_dates() -> None:
    """There is no word for one year, so what is printed can be no more than its dates."""
    (query,) = statements("A $p vs previous", {"p": pd.Period("2025", freq="Y")}, TODAY)
    assert to_text(query) == "A 2025-01-01..2025-12-31 vs previous"
    assert statements(to_text(query), today=TODAY) == (query,)


@pytest.mark.parametrize(
    ("start", "end"),
    [("13:00", "17:00"), (time(13), time(17, 0)), (np.str_("13:00"), time(17))],
)
def test_the_clock_takes_times_and_their_texts(start: object, end: object) -> None:
    """Whole minutes, as the service's clock has them."""
    body = sent("A where session.time_of_day in $a..$b today", {"a": start, "b": end})
    assert body["session_properties"] == [{"name": "time_of_day", "value": ["13:00", "17:00"]}]


def test_everywhere_a_variable_may_stand() -> None:
    """Values, list, dates, ranges, an event's name, pieces, and inside `did`."""
    text = """$event where a = $v and b in $l and c in $lo..$hi and d in ($v, $lo) $d..$d
      did $event where a = $v since $d
      by e in $l"""
    params = {"event": "by night", "v": "x", "l": ["p", "q"], "lo": 1, "hi": 2, "d": DAY}
    queries = parse(text, params=params, today=TODAY)
    assert [to_text(query) for query in queries] == [
        f'"by night" where a = "x" and b in ("p", "q") and c in 1..2 and d in ("x", 1) '
        f'and e = "{piece}" 2026-01-02 did "by night" where a = "x" 2026-01-02..2026-11-22'
        for piece in "pq"
    ]
    assert queries[0].source == (
        '"by night" where a = "x" and b in ("p", "q") and c in 1..2 and d in ("x", 1) 2026-01-02 '
        'did "by night" where a = "x" since 2026-01-02 by e in ("p", "q")'
    )


@pytest.mark.parametrize(
    ("text", "value", "message"),
    [
        ("A where x = $v", None, "$v is missing (None)"),
        ("A where x = $v", float("nan"), "$v is not a number (NaN)"),
        ("A where x = $v", np.float64("nan"), "$v is not a number (NaN)"),
        ("A where x = $v", pd.NA, "$v is missing (<NA>)"),
        ("A where x = $v", float("inf"), "$v is too large a number"),
        pytest.param("A where x = $v", 10**5000, "$v is too large a number", id="huge"),
        ("A where x = $v", ["a"], "$v is a list; a list comes after 'in': in $v"),
        ("A where x = $v", DAY, "$v is a date, and a filter compares text or numbers"),
        ("A where x = $v", 1j, "$v is a complex (1j)"),
        ("A where x = $v", Decimal("NaN"), "$v is not a number (NaN)"),
        ("A where x = $v", Decimal("sNaN"), "$v is not a number (NaN)"),
        ("A where x = $v", Decimal("9007199254740993.5"), "$v has more digits than can be sent"),
        (
            "A where x = $v",
            Decimal("0.12345678901234567890"),
            "$v has more digits than can be sent",
        ),
        ("A where x = $v", Decimal("1E-400"), "$v has more digits than can be sent"),
        ("A where x = $v", time(13), "$v is a time: write it in a range of the clock"),
        ("A where x = $v", pa.scalar(None), "$v is a NullScalar"),
        ("A where x = $v", pd.Period("2026-02"), "$v is a Period: write it alone"),
        ("A where x in $v", range(10**12), "$v holds 1,000,000,000,000 values"),
        ("A since $v", pd.Period("2026-02"), "$v is a Period: write it alone"),
        ("A $v", HOUR, f"$v is a Period of frequency {HOUR.freqstr}"),
        ("A $v", pd.Period("2026-11-18", freq="W-SAT"), "$v is a Period of frequency W-SAT"),
        ("A $v", np.datetime64("2026-11"), "$v is a datetime64 of months, expected a day"),
        ("A $v..$v", np.datetime64("2026"), "$v is a datetime64 of years, expected a day"),
        ("A where session.time_of_day in $v..17:00", "1pm", "$v is '1pm', and the clock takes"),
        ("A where session.time_of_day in $v..17:00", time(1, 2, 3), "$v is datetime.time(1, 2, 3)"),
        ("A where session.time_of_day in $v..17:00", 13, "$v is 13, and the clock takes"),
        ("A where x = $v", np.complex64(1), "$v is a complex64"),
        ("A where x = $v", "\ud83d", "$v: the text holds half a surrogate pair"),
        ("A where x = $v", pd.DataFrame(), "$v is a DataFrame"),
        ("A where x > $v", "5", "'>' compares numbers, and $v ('5') is text"),
        ("A where x > $v", True, "'>' compares numbers, and $v ('True') is text"),
        ("A where x ~ $v", 5, "'~' looks into text, and $v (5) is a number"),
        ("A where x in $v", [], "$v is an empty list"),
        ("A where x in $v", pd.Series([], dtype=object), "$v is an empty list"),
        ("A where x in $v", set(), "$v is an empty list"),
        ("A where x in $v", "abc", "$v is not a list: write in ($v)"),
        ("A where x in $v", ["a", None], "$v holds a value that is missing (None)"),
        ("A where x in $v", pd.Series([1.0, None]), "$v holds a value that is not a number (NaN)"),
        ("A where x in $v", np.ma.array([1.0, 5], mask=[0, 1]), "$v holds a value that is missing"),
        ("A where x in $v", np.ma.array([1, 5], mask=[1, 0]), "$v holds a value that is missing"),
        ("A where x = $v", np.ma.masked, "$v is missing (masked)"),
        ("A where x in $v", [DAY], "$v holds dates"),
        ("A where x in $v", [["a"]], "$v holds lists"),
        ("A where x in $v", {"a": 1}, "$v is a dict"),
        ("A where x in ($v)", ["a"], "$v is a list; a list comes after 'in': in $v"),
        (
            "A $v",
            "2026-01-02",
            "$v is a str, expected a date: make it datetime.date.fromisoformat(v)",
        ),
        ("A $v", 20260102, "$v is an int, expected a date"),
        ("A $v", pd.NaT, "$v is not a date (NaT)"),
        ("A $v", np.datetime64("NaT", "s"), "$v is missing"),
        ("A $v..today", date(2027, 1, 1), "the period ends (2026-11-23) before it begins"),
        ("$v today", 5, "$v is 5, not an event's name"),
        ("$v today", True, "$v is True, not an event's name"),
        ("A did $v", np.bool_(True), f"$v is {np.bool_(True)!r}, not an event's name"),
        ("$v today", "E\nF", "$v holds a query"),
        ("$v today", "E\n", "$v holds a query"),
        ("A did $v", "E\u2028F", "$v holds a query"),
        ("$v today", "E\x00F", "$v: no name holds a control character, and here is U+0000"),
        ("A did $v", "E\tF", "$v: no name holds a control character, and here is U+0009"),
        ("A share did $v", "E\x7f", "$v: no name holds a control character, and here is U+007F"),
        ('A did any ($v, "B")', "\x1bE", "$v: no name holds a control character"),
        ("A where x = $v", np.longdouble(1) / 3, "$v has more digits than can be sent"),
        (
            "A where session.time_of_day in $v..17:00",
            time(13, tzinfo=UTC),
            "$v is a time with a zone of its own",
        ),
        ("$v today", "Charged last 30 days", "$v holds a query"),
        ("A did $v", "Charged where Amount > 5", "$v holds a query"),
        ("A did $v", "new: Charged 2026-10", "$v holds a query"),
        ("A did $v", "Charged\n  did B", "$v holds a query"),
        ("A did $v", '{"event_name": "B"}', "$v holds a query"),
        ("$v today", "", "$v is '', not an event's name"),
        ("A by x in $v", ["a", "a"], "duplicate value 'a'"),
        ("A where x = $w", 1, "there is no variable 'w'"),
        ("A where x = $value", 1, "there is no variable 'value'"),
    ],
)
def test_what_cannot_be_asked_is_named(text: str, value: object, message: str) -> None:
    """The error names the variable, says what it is, and stands under it."""
    with pytest.raises(QueryError) as caught:
        parse(text, params={"v": value}, today=TODAY)
    assert caught.value.message.startswith(message)
    assert caught.value.source[caught.value.column - 1] == "$"


def test_a_name_misspelt_is_found() -> None:
    """The notebook's own variables are where the near miss is looked for."""
    with pytest.raises(QueryError, match="no variable 'flor': did you mean \\$floor\\?"):
        parse("A where x > $flor", params={"floor": 1, "_flor": 2}, today=TODAY)
    with pytest.raises(QueryError, match="no variable 'opn': set it in a cell before"):
        parse("A where x > $opn", params={"open": open}, today=TODAY)


def test_python_reads_its_names_in_one_form() -> None:
    """Python keeps `é` composed, however it was typed; a variable is found all the same."""
    assert (
        sent("A where x = $caf\u0065\u0301", {"caf\u00e9": 1})["event_properties"][0]["value"] == 1
    )


@pytest.mark.parametrize("written", ["9007199254740993.5", "0.12345678901234567890", "1e-400"])
def test_a_number_that_would_be_rounded_is_refused(written: str) -> None:
    """Another number would be compared with, and nothing would say so."""
    with pytest.raises(QueryError, match="more digits than can be sent"):
        parse(f"A where x = {written} 2026-10")
    triple = f'{{"name": "x", "operator": "equals", "value": {written}}}'
    body = (
        f'{{"event_name": "A", "event_properties": [{triple}], "from": 20261001, "to": 20261031}}'
    )
    with pytest.raises(QueryError, match="more digits than can be sent"):
        parse(body)


@pytest.mark.parametrize(
    "typed",
    [
        *('"E\x00F" today', 'A did "E\tF"', "A share did 'E\u2028F' on day 1"),
        *('A did any ("E\x1b", B)', 'A where "x\x85" = 1', 'A by tech."x\x7f" in (1)'),
    ],
)
def test_a_typed_name_holds_no_control_character(typed: str) -> None:
    """As one of a variable does not: nobody can see it, and no event is called so."""
    with pytest.raises(QueryError, match="no name holds a control character, and here is U"):
        parse(typed, today=TODAY)


@pytest.mark.parametrize(
    "text",
    [
        "A where x in (1,000, 2,000)",
        "A where x in (12,50,000)",
        "A where Zip = 01234",
        "A where Zip = 01234567",
        "A where Zip != 00",
        "A did B where x = 07",
        "A by x in (1,000, 2)",
        "A by x in (01, 02)",
    ],
)
def test_no_number_begins_with_0(text: str) -> None:
    """It is a text, or what a separator cut off: sending the rest would ask for another number."""
    with pytest.raises(QueryError, match="leave the separators out, or quote it") as caught:
        parse(text, today=TODAY)
    assert caught.value.source[caught.value.column - 1 :].startswith(("0", "-0"))


@pytest.mark.parametrize("text", ["A where x in (0, 0.5, -0.5, 10, 1e05) today", "A by x in (0)"])
def test_a_0_alone_or_before_a_point_is_a_number(text: str) -> None:
    """And so is one inside a number, or in an exponent."""
    assert parse(text, today=TODAY)


@pytest.mark.parametrize(
    "values",
    [
        *("(1,250, 2,500)", "(1,250.50, 9)", "(7, 1,250,500)", "(1,250)", "(1,250,500)"),
        *("(1.250,5)", "(9,99, 19,99)", "(5, 9,99, 19,9)"),
    ],
)
@pytest.mark.parametrize("clause", ["where x in", "where x not in", "by x in", "did B where x in"])
def test_some_commas_with_a_space_and_some_without_are_not_guessed(
    clause: str, values: str
) -> None:
    """A list of two numbers and a number with a separator are written alike."""
    with pytest.raises(QueryError, match="is two numbers here: leave the separators out"):
        parse(f"A {clause} {values}", today=TODAY)


@pytest.mark.parametrize(
    "window", ["on day 1,365", "on days 0..6,365", "within 1,365 days", "within 7, 1,365 days"]
)
def test_a_comma_inside_own_days_is_not_guessed(window: str) -> None:
    """`on day 1,365` may be one day or two."""
    with pytest.raises(QueryError, match="is two numbers here: leave the separators out"):
        parse(f"A 2026-10 share did B {window}", today=TODAY)
    for listed in ("on day 1,7", "on day 1, 365", "within 1, 365 days"):
        assert parse(f"A 2026-10-01 share did B {listed}", today=TODAY)


@pytest.mark.parametrize("values", ["(100,200,300)", "(100, 200, 300)", "(5,10, 20)"])
def test_a_list_may_have_spaces_or_none(values: str) -> None:
    """As it always could."""
    assert len(sent(f"A where x in {values}", {})["event_properties"][0]["value"]) == 3
