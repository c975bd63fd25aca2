"""The picture of `--plot` while a cell runs: grey until the end, and never in a count's way."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pandas as pd
import pytest
from helpers.frames import frame, weeks
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from ct_magic.charts.chart import Colour
from ct_magic.charts.plot import TICK, LivePicture
from ct_magic.charts.vega import MIME, VEGA_COLOURS


class Watched:
    """A panel that notes what it is asked to do."""

    comm_ids: Collection[str] = ("a widget",)

    def __init__(self) -> None:
        self.calls: list[str] = []

    def refresh(self) -> None:
        self.calls.append("refresh")

    def close(self) -> None:
        self.calls.append("close")

    def say_deaf(self) -> None:
        self.calls.append("deaf")


class Cell:
    """A cell that runs: its clock, its frame, and what it has displayed."""

    def __init__(self, df: Any, *, is_live: bool = True) -> None:
        self.now, self.df, self.panel = 0.0, df, Watched()
        self.picture = LivePicture(
            self.panel, lambda: self.df, is_live=is_live, clock=lambda: self.now
        )

    def later(self, df: Any = None) -> list[dict[str, Any]]:
        """Let a while pass; return what is displayed then."""
        self.now += TICK
        self.df = self.df if df is None else df
        return self.shown(self.picture.refresh)

    def shown(self, call: Any) -> list[dict[str, Any]]:
        with capture_output() as captured:
            call()
        self.printed = captured.stdout
        return [output.data for output in captured.outputs]


def waiting(*counts: int | None) -> pd.DataFrame:
    df = frame(*weeks(*counts))
    df["status"] = df["status"].mask(df["count"].isna(), "waiting")
    return df


def colours(data: dict[str, Any]) -> set[str]:
    text = str(data[MIME]["layer"])
    return {colour for colour in VEGA_COLOURS.values() if colour in text}


@pytest.mark.usefixtures("shell")
def test_it_is_grey_until_the_end() -> None:
    """And says how much is there; the last one has its colours, and a file of it is saved."""
    cell = Cell(waiting(None, None, None))
    assert cell.later() == [], "nothing is no picture"
    (grey,) = cell.later(waiting(3, None, None))
    assert "1 of 3 so far" in grey["text/plain"]
    assert VEGA_COLOURS[Colour.FIRST] not in colours(grey)
    assert "image/png" not in grey
    cell.df = waiting(3, 4, 5)
    (final,) = cell.shown(cell.picture.close)
    assert VEGA_COLOURS[Colour.FIRST] in colours(final)
    assert "image/png" in final


@pytest.mark.usefixtures("shell")
def test_it_is_drawn_anew_only_for_what_is_new() -> None:
    """Nor more often than every two seconds."""
    cell = Cell(waiting(3, None))
    assert len(cell.later()) == 1
    assert cell.later() == []
    cell.df = waiting(3, 4)
    assert cell.shown(cell.picture.refresh) == []
    assert len(cell.later()) == 1


@pytest.mark.usefixtures("shell")
def test_what_arrived_is_drawn_where_something_failed() -> None:
    """And that something is missing is said."""
    df = frame(*weeks(3, None, 5))
    df["status"] = df["status"].mask(df["count"].isna(), "failed")
    cell = Cell(df)
    (final,) = cell.shown(cell.picture.close)
    assert "1 of 3 without a count" in str(final[MIME]["title"])


@pytest.mark.usefixtures("shell")
def test_where_nothing_can_be_replaced_only_the_end_is_drawn() -> None:
    """A terminal keeps each line that it has printed."""
    cell = Cell(waiting(3, None), is_live=False)
    assert cell.later() == []
    assert len(cell.shown(cell.picture.close)) == 1


@pytest.mark.usefixtures("shell")
def test_what_cannot_be_drawn_costs_no_count() -> None:
    """The panel goes on, and one line says why there is no picture."""
    twice = pd.concat([waiting(3, None)] * 2, ignore_index=True)
    cell = Cell(twice)
    assert cell.later() == []
    assert cell.shown(cell.picture.close) == []
    assert "no picture: " in cell.printed
    assert "stands there twice" in cell.printed
    assert cell.panel.calls == ["refresh", "close"]


def test_the_panel_below_it_hears_what_it_heard(shell: InteractiveShell) -> None:
    """Cancel works with a picture, too."""
    cell = Cell(waiting(3))
    assert cell.picture.comm_ids == ("a widget",)
    cell.picture.say_deaf()
    assert cell.panel.calls == ["deaf"]
