"""Every number that people read is written in one way, whichever output it stands in."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from html import escape

import pandas as pd
import pytest
from helpers.plans import plan, question, row

from ct_magic import plot
from ct_magic.client.jobs import Job, State, Tally
from ct_magic.common import words
from ct_magic.panel import html, tables
from ct_magic.panel.panel import Standing
from ct_magic.panel.short_tables import drawn_short, short_frame
from ct_magic.planning.row_results import row_results
from ct_magic.results.frame import frame
from ct_magic.rows import Comparison, Formula

MINUS = "\N{MINUS SIGN}"


def shared(count: int, of: int) -> Standing:
    """A step beside its base."""
    rows = [row(0, base=0, step="A"), row(1, base=0, within=0, step="did B")]
    return standing(rows, [of, count])


def compared(count: int, before: int) -> Standing:
    """A count beside that of another period."""
    other = Comparison(Formula((1,)), date(2026, 10, 1), date(2026, 10, 1))
    return standing([row(0, previous=other)], [count, before])


def standing(rows: list, counts: list[int]) -> Standing:
    planned = plan(rows)
    jobs = [Job(n, question(), State.SUCCESS, tally=Tally(count)) for n, count in enumerate(counts)]
    return Standing(planned, row_results(planned, jobs), 0.0)


def counts(shown: Standing) -> pd.DataFrame:
    return frame(shown.plan, shown.rows, None)


OUTPUTS: dict[str, Callable[[Standing], str]] = {
    "panel": html.html,
    "text": tables.text,
    "picture": lambda shown: escape(
        f"{plot(counts(shown)).text} {plot(counts(shown)).vega_lite()}"
    ),
    "table": lambda shown: drawn_short(counts(shown), is_page=True),
    "plain table": lambda shown: short_frame(counts(shown)).to_string(),
}


def percents(said: str) -> set[str]:
    """The percentages of an output, without the markup around them."""
    plain = re.sub(r"<[^>]*>", " ", said).replace("&lt;", "<").replace("&gt;", ">")
    # Intervals stand in brackets, and in columns of their own.
    return set(re.findall(rf"(?<![\d{MINUS}.\N{{EN DASH}}])[<>+±{MINUS}]*[\d,.]+ %", plain))


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize(
    ("count", "of", "said"),
    [
        (9996, 10000, ">99.9 %"),
        (1_999_999, 2_000_000, ">99.9 %"),
        (996, 1000, "99.6 %"),
        (1, 100_000, "<0.1 %"),
        (4, 10_000, "<0.1 %"),
        (0, 500, "0 %"),
        (500, 500, "100 %"),
        (7, 88, "8.0 %"),
        (3, 100, "3 %"),
        (752, 1000, "75 %"),
    ],
)
def test_a_share_is_one_text_everywhere(output: str, count: int, of: int, said: str) -> None:
    """It is 100 % of nothing but all, and 0 % of nothing but none."""
    found = percents(OUTPUTS[output](shared(count, of)))
    assert said in found
    # The base is all of itself; no other spelling of all or none is there.
    assert not {"100.0 %", "100.0%", "0.0 %", "0.0%"} & found
    assert count == 0 or "0 %" not in found


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize(
    ("count", "before", "said"),
    [
        (4, 10_000, f"{MINUS}99.96 %"),
        (1, 1_000_000, f"{MINUS}99.9999 %"),
        (0, 10, f"{MINUS}100 %"),
        (10_001, 10_000, "+0.01 %"),
        (99_999, 100_000, f"{MINUS}0.001 %"),
        (10, 10, "±0 %"),
        (112, 100, "+12 %"),
        (951, 1000, f"{MINUS}4.9 %"),
        (12, 1, "+1,100 %"),
    ],
)
def test_a_change_is_one_text_everywhere(output: str, count: int, before: int, said: str) -> None:
    """Where some are left it is not -100 %, and where something changed it is not 0 %."""
    assert said in OUTPUTS[output](compared(count, before))


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize(("count", "said"), [(0, "0"), (999, "999"), (12_345_678, "12,345,678")])
def test_thousands_are_apart_everywhere(output: str, count: int, said: str) -> None:
    """Eight digits without a mark are read wrong."""
    assert re.search(rf"(?<![\d,]){said}(?![\d,])", OUTPUTS[output](standing([row(0)], [count])))


@pytest.mark.parametrize(
    ("difference", "said"),
    [
        (0.031, "+3.1 points"),
        (-0.004, f"{MINUS}0.4 points"),
        (0.01, "+1 point"),
        (0.2, "+20 points"),
        (0.1234, "+12.3 points"),
        (0.00001, "+0.001 points"),
        (0.0, "±0 points"),
        (-0.99999, f"{MINUS}99.999 points"),
    ],
)
def test_a_difference_of_shares_is_in_points(difference: float, said: str) -> None:
    """Not in percent, which would be a change of the share."""
    assert words.points(difference) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"), (0.25, "0.2 s"), (12.4, "12 s"), (90, "90 s"), (180, "3 min"),
        (3600, "60 min"), (5400, "1.5 h"), (7200, "2 h"), (86400, "24 h"), (259_200, "3 days"),
    ],
)  # fmt: skip
def test_a_duration_is_in_units_that_people_count_in(seconds: float, said: str) -> None:
    """Not 0.0666667 minutes, and in the same letters everywhere."""
    assert words.duration(seconds) == said


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(5, 10, "5 to 10 s"), (60, 240, "1 to 4 min"), (5, 1200, "5 s to 20 min"), (3, 3, "3 s")],
)
def test_a_range_of_durations_names_its_unit_once(low: float, high: float, said: str) -> None:
    """Where both ends have it."""
    assert words.durations(low, high) == said
