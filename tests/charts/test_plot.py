"""The picture itself: as a file, as what JupyterLab draws, and beside a cell."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
import pytest
from helpers import frames
from helpers.frames import experiment, frame, from_csv, unfinished, weeks
from helpers.shell import run
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from matplotlib.colors import to_rgb

import ct_magic
from ct_magic import plot
from ct_magic.charts import vega
from ct_magic.charts import vega as draw
from ct_magic.charts.chart import Chart, ChartAxis, Colour
from ct_magic.charts.plot import Picture
from ct_magic.errors import UsageError
from ct_magic.sandbox import Sandbox

BY_WEEK = "Charged last 3 weeks by week"
VEGA = "application/vnd.vegalite.v5+json"
FRAMES = {
    "funnel": frames.funnel(),
    "experiment": experiment(a=(1, 2), b=(3, 4)),
    "triangle": frames.triangle(),
    "versus": frames.versus(),
    "time": unfinished(5, 6, 2),
    "values": frame({"Category": "a", "count": 3}, {"Category": "b", "count": 0}),
}


@pytest.mark.parametrize("name", FRAMES)
def test_it_is_saved_as_what_its_ending_says(name: str, tmp_path: Path) -> None:
    """The same counts are the same file, so that a repository shows no change."""
    begins = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF", "json": b'{"$schema"'}
    for ending, begin in begins.items():
        files = [tmp_path / f"{n}.{ending}" for n in range(2)]
        for file in files:
            plot(FRAMES[name]).save(file)
        assert files[0].read_bytes().startswith(begin)
        assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize("name", FRAMES)
def test_what_was_written_as_csv_is_drawn_again(tmp_path: Path, name: str) -> None:
    """Its days are texts, and what is missing is nothing."""
    FRAMES[name].to_csv(tmp_path / "counts.csv", index=False)
    reread = plot(from_csv(tmp_path / "counts.csv"))
    assert reread.vega_lite() == plot(FRAMES[name]).vega_lite()


@pytest.mark.parametrize("name", FRAMES)
def test_a_notebook_gets_both_and_words(name: str) -> None:
    """JupyterLab takes Vega-Lite, an export the PNG, a screen reader the words."""
    picture = plot(FRAMES[name])
    data, about = picture._repr_mimebundle_()
    assert set(data) == {VEGA, "image/png", "text/plain"}
    assert data["text/plain"] == about["image/png"]["alt"] == data[VEGA]["description"]
    assert json.loads(json.dumps(data[VEGA])) == data[VEGA], "it can be sent and saved"
    assert 600 < about["image/png"]["width"] < 900


def numbers(spec: Any) -> list[dict[str, Any]]:
    return [value for layer in spec["layer"] for value in layer["data"]["values"]]


@pytest.mark.parametrize("name", FRAMES)
def test_each_tick_of_the_specification_has_its_own_name(name: str) -> None:
    """Vega sorts the ticks, so a name goes by the value: by its number it would be another's."""
    picture = plot(FRAMES[name])
    for layer in picture.vega_lite()["layer"]:
        for field, axis in (("x", picture._chart.x), ("y", picture._chart.y)):
            shown = layer["encoding"][field]["axis"]
            if shown:
                expression = re.fullmatch(r"\((\{.*\})\)\[toString\(datum.value\)\] \|\| ''",
                                     shown["labelExpr"])  # fmt: skip
                assert expression
                names = json.loads(expression[1])
                assert [(float(k), v) for k, v in names.items()] == list(axis.ticks)


def test_numbers_are_written_as_javascript_does() -> None:
    """Else a tick would find no name."""
    ticks = tuple((place, "x") for place in (0, 0.0, 0.05, 739000, 1e9, 0.1 + 0.2))
    axis = vega._axis(ChartAxis(0, 1, ticks), "x")
    assert axis
    keys = ["0", "0.05", "739000", "1000000000", "0.30000000000000004"]
    assert [json.dumps(key) in axis["labelExpr"] for key in keys] == [True] * 5


def test_the_specification_holds_the_counts_themselves() -> None:
    """It is data: who takes it apart finds what was counted."""
    spec = plot(frame(*weeks(3, 7, 5))).vega_lite()
    heights = {value["y"] for value in numbers(spec)}
    assert {3, 7, 5} <= heights


def contrast(first: str, second: str) -> float:
    """WCAG's contrast ratio of two colours."""

    def light(colour: str) -> float:
        parts = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)
        ]
        return sum(p * w for p, w in zip(parts, (0.2126, 0.7152, 0.0722), strict=True))

    low, high = sorted([light(first), light(second)])
    return (high + 0.05) / (low + 0.05)


def test_text_and_lines_stand_out() -> None:
    """4.5 for text and 3 for lines; what JupyterLab draws must do so in both of its themes."""
    text = (Colour.INK, Colour.QUIET)
    lines = [colour for colour in Colour if colour not in text]
    assert min(contrast(draw.COLOURS[colour], draw.GROUND) for colour in text) >= 4.5
    assert min(contrast(draw.COLOURS[colour], draw.GROUND) for colour in lines) >= 3
    for ground in ("#ffffff", "#111111"):
        assert min(contrast(vega.VEGA_COLOURS[colour], ground) for colour in lines) >= 3
    assert {vega.VEGA_COLOURS[colour] for colour in text} == {"currentColor"}


@pytest.mark.parametrize(("ink", "ground"), [("#000000", "#ffffff"), ("#ffffff", "#111111")])
def test_numbers_are_read_on_the_strongest_cell(ink: str, ground: str) -> None:
    """A heat map's colour covers a part of the page; the page's own text stands on it."""
    from ct_magic.charts.retention import STRONGEST

    blue, under = to_rgb(vega.VEGA_COLOURS[Colour.FIRST]), to_rgb(ground)
    mixed = [STRONGEST * b + (1 - STRONGEST) * u for b, u in zip(blue, under, strict=True)]
    assert contrast(mpl.colors.to_hex(mixed), ink) >= 4.5


@pytest.mark.parametrize(
    "name",
    ["$\\frac$", "_hidden", "é" * 5000, "שלום <b>", "a\nb", "", "\U0001f355", "\"'];alert(1)//"],
)
def test_any_name_is_drawn_as_text(name: str) -> None:
    """Names are the account's; no formula, no warning, no code, and no picture a mile wide."""
    for df in (
        frame({"Category": name, "count": 3}, {"Category": "b", "count": 5}),
        frame(*weeks(3, 4, query=name), *weeks(3, 4, query="other")),
    ):
        picture = plot(df)
        assert picture.png().startswith(b"\x89PNG")
        assert vega.narrowest(picture._chart) < 1200
        spec = json.dumps(picture.vega_lite(), ensure_ascii=False)
        assert len(spec) < 20_000


def test_marks_that_turn_a_line_round_are_left_out() -> None:
    """What a name hides is no part of the picture: `abc` stays before what follows it."""
    df = frame(
        {"Category": "abc\u202edlrow\u200b\u2066", "count": 3}, {"Category": "b", "count": 5}
    )
    assert plot(df)._chart.y.ticks[0][1] == "abc dlrow"


def test_matplotlib_is_left_as_it_was() -> None:
    """No figure stays open, and no setting of the user's is changed."""
    import matplotlib.pyplot as plt

    before = dict(mpl.rcParams)
    plot(FRAMES["triangle"]).png()
    assert plt.get_fignums() == []
    assert dict(mpl.rcParams) == before


def test_it_says_itself_in_words() -> None:
    """In a terminal that is all there is."""
    assert repr(plot(FRAMES["values"])).startswith("Charged: profiles, by Category, 2026-09-07.")


@pytest.mark.parametrize("height", [1, 5000])
def test_a_png_is_as_large_as_it_says(height: int) -> None:
    """A notebook shows it with letters as large as the page's, and sharp."""
    axis = ChartAxis(0, 1)
    picture = Picture(Chart("t", ("a",), "alt", axis, axis, (), height))
    png = picture.png()
    width = int.from_bytes(png[16:20], "big")
    _, about = picture._repr_mimebundle_()
    assert width == draw.SHARPER * about["image/png"]["width"]
    assert int.from_bytes(png[20:24], "big") == draw.SHARPER * about["image/png"]["height"]


def test_the_magic_draws_and_the_variable_is_there(
    account: Sandbox, shell: InteractiveShell
) -> None:
    """`--plot` is saved with the notebook as a picture, and as words beside it."""
    with capture_output() as captured:
        run(shell, f"%%ctcount weeks --plot\n{BY_WEEK}").raise_error()
    drawn = [output for output in captured.outputs if VEGA in output.data][-1]
    assert drawn.data["text/plain"].startswith("Charged: profiles a week, ")
    assert isinstance(shell.user_ns["weeks"], pd.DataFrame)
    counts = set(shell.user_ns["weeks"]["count"])
    assert counts <= {value["y"] for value in numbers(drawn.data[VEGA])}


def test_without_matplotlib_jupyterlab_draws_and_words_say_what_is_missing() -> None:
    """What needs no library needs none; a file does, and the error says which to install."""
    code = """
import sys
sys.modules["matplotlib"] = None
from helpers.frames import frame, weeks
from ct_magic import MissingExtraError, plot
picture = plot(frame(*weeks(3, 4)))
data, about = picture._repr_mimebundle_()
assert "application/vnd.vegalite.v5+json" in data
assert "image/png" not in data
print(data["text/plain"])
try:
    picture.save("weeks.png")
except MissingExtraError as error:
    print(error)
"""
    path = str(Path(__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {path!r})\n{code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.count("plotting needs the extra 'plot': pip install 'ct-magic[plot]'") == 2


def test_a_broken_matplotlib_is_said_in_one_line(tmp_path: Path) -> None:
    """One built for another numpy raises on import: words and JupyterLab's picture are there."""
    package = tmp_path / "matplotlib"
    package.mkdir()
    (package / "__init__.py").write_text("raise AttributeError('_ARRAY_API')", encoding="utf-8")
    code = """
from helpers.frames import frame, weeks
from ct_magic import plot
from ct_magic.errors import UsageError
data, about = plot(frame(*weeks(3, 4)))._repr_mimebundle_()
assert "application/vnd.vegalite.v5+json" in data
print(data["text/plain"])
"""
    paths = [str(tmp_path), str(Path(__file__).parents[1])]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {paths!r}\n{code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "matplotlib cannot be imported (AttributeError: _ARRAY_API)" in done.stdout


@pytest.mark.parametrize(
    ("broken", "brought_by"),
    [("backends._backend_agg", "backends.backend_agg"), ("figure", "figure")],
)
def test_a_part_of_matplotlib_that_is_broken_is_said_as_well(
    monkeypatch: pytest.MonkeyPatch, broken: str, brought_by: str
) -> None:
    """Some are imported late, and each compiled one may be of another Python or numpy."""
    monkeypatch.delitem(sys.modules, f"matplotlib.{brought_by}", raising=False)
    monkeypatch.setitem(sys.modules, f"matplotlib.{broken}", None)
    with pytest.raises(UsageError, match=r"imported \(.*install it anew, then restart the kernel"):
        plot(frame(*weeks(3, 4))).png()


def test_the_public_names_are_there() -> None:
    """What the README names."""
    assert ct_magic.plot is plot
    assert ct_magic.Picture is Picture
    assert callable(ct_magic.compare)
