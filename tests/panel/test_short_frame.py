"""What a page shows of a DataFrame: what says something, readable; and nothing that misleads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pandas as pd
from helpers.plans import plan, question, row

from ct_magic.client.jobs import Job, State, Tally
from ct_magic.panel.short_tables import short_frame
from ct_magic.planning.row_results import row_results
from ct_magic.results.frame import frame
from ct_magic.rows import Comparison, Formula, Row

NOW = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)


def shown(rows: list[Row], jobs: list[Job]) -> pd.DataFrame:
    planned = plan(rows)
    return short_frame(frame(planned, row_results(planned, jobs), UTC))


def done(number: int, count: int, **changes: object) -> Job:
    usual = {"state": State.SUCCESS, "tally": Tally(count), "counted": NOW}
    return Job(number, question(), **usual | changes)  # type: ignore[arg-type]


def test_a_number_has_its_thousands_apart_and_nothing_beside_it_that_is_as_usual() -> None:
    """No status of what arrived, no empty columns, no moment that is now."""
    table = shown([row(0, "sales", event="sales")], [done(0, 1_234_567)])
    assert table.to_dict("records") == [
        {"query": "sales", "start": "2026-11-01", "count": "1,234,567"}
    ]


def test_what_is_not_as_usual_is_shown() -> None:
    """A failure, a count out of the journal, an event that the label hides, a doubt."""
    rows = [row(0, "a", doubts=("odd",)), row(1, "b", end=date(2026, 11, 2))]
    jobs = [done(0, 5, taken=NOW), Job(1, question(), State.FAILED, error="HTTP 400")]
    table = shown(rows, jobs)
    names = ["query", "start", "end", "count", "status", "error", "event", "cached", "counted"]
    assert list(table.columns) == [*names, "doubt"]
    assert table["counted"].tolist() == ["2026-11-01 12:30", ""]
    assert table["count"].tolist() == ["5", ""]


def test_shares_are_percentages_and_pieces_that_are_cut_are_named() -> None:
    """As people read them; the interval beside its share."""
    other = Comparison(Formula((0,)), date(2026, 10, 1), date(2026, 10, 1))
    rows = [row(0, base=0, whole=True), row(1, base=0, within=0, previous=other, whole=False)]
    table = shown(rows, [done(0, 2000), done(1, 500)])
    assert table["share"].tolist() == ["100 %", "25 %"]
    assert table["low"].tolist() == ["", "23 %"]
    assert table["change"].tolist() == ["", "\N{MINUS SIGN}75 %"]
    assert table["whole"].tolist() == ["True", "False"]
    assert "query" not in table.columns, "all rows share it"


def test_what_compares_two_shares_is_written_as_people_read_it() -> None:
    """The other share in percent, and the difference in points."""
    other = Comparison(Formula((2,)), date(2026, 10, 1), date(2026, 10, 1), of=Formula((2,)))
    before = replace(other, formula=Formula((3,)))
    rows = [row(0, base=0, previous=other), row(1, base=0, within=0, previous=before)]
    table = shown(rows, [done(0, 2000), done(1, 500), done(2, 1000), done(3, 190)])
    assert table["previous_share"].tolist() == ["100 %", "19 %"]
    assert table["previous_of"].tolist() == ["1,000", "1,000"]
    assert table["difference"].tolist() == ["±0 points", "+6 points"]
    assert table["difference_low"].tolist()[0] == ""
