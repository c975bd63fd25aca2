"""The picture itself: as a file, as what JupyterLab draws, and beside a cell."""

from __future__ import annotations

import base64
import html
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers import frames
from helpers.frames import experiment, frame, from_csv, unfinished, weeks
from helpers.shell import run
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from PIL import Image

import ct_magic
from ct_magic import plot
from ct_magic.charts import vega
from ct_magic.charts.chart import Chart, ChartAxis, Colour
from ct_magic.charts.vega import Picture
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
    begins = {"png": b"\x89PNG", "svg": b"<svg", "pdf": b"%PDF", "json": b'{"$schema"'}
    for ending, begin in begins.items():
        files = [tmp_path / f"{n}.{ending}" for n in range(2)]
        for file in files:
            plot(FRAMES[name]).save(file)
        assert files[0].read_bytes().startswith(begin)
        # A PDF's dictionaries have no order.
        assert ending == "pdf" or files[0].read_bytes() == files[1].read_bytes()


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
    assert set(data) == {VEGA, "image/png", "text/markdown", "text/plain"}
    assert data["text/plain"] == about["image/png"]["alt"] == data[VEGA]["description"]
    assert json.loads(json.dumps(data[VEGA])) == data[VEGA], "it can be sent and saved"
    assert 600 < about["image/png"]["width"] < 900


def numbers(spec: Any) -> list[dict[str, Any]]:
    return [value for layer in spec["layer"] for value in layer["data"]["values"]]


@pytest.mark.parametrize("name", FRAMES)
def test_an_exported_page_has_the_words_of_each_picture(name: str) -> None:
    """Also where they hold quotes and signs of HTML: the real exporter is asked."""
    from nbconvert import HTMLExporter
    from nbformat import v4

    picture = plot(FRAMES[name].assign(query='a "quoted" <b> label'))
    data, about = picture._repr_mimebundle_()
    data["image/png"] = base64.b64encode(data["image/png"]).decode()
    output = v4.new_output("display_data", data=data, metadata=about)
    cell = v4.new_code_cell("plot(df)", outputs=[output])
    page, _ = HTMLExporter().from_notebook_node(v4.new_notebook(cells=[cell]))
    images = re.findall(r"<img[^>]*>", page)
    (alt,) = [html.unescape(a) for a in re.findall(r'<img[^>]*alt="([^"]*)"', page)]
    assert len(images) == 1
    assert " ".join(alt.split()) == " ".join(picture.text.split())


def test_a_grid_is_one_layer_over_one_table_and_small() -> None:
    """A notebook keeps each picture that was shown in it."""
    spec = plot(frames.triangle(12)).vega_lite()
    grid, means = spec["layer"]
    assert len(grid["data"]["values"]) == 12 * 13 / 2
    assert len(means["data"]["values"]) == 12
    assert len(json.dumps(spec, indent=1)) < 40_000


def test_48_cohorts_of_9_weeks_take_at_most_200_kilobytes() -> None:
    """Two years of weeks are no reason to split a notebook."""
    df = frames.triangle(48)
    df = df[df["after"].isna() | (df["after"] < 9)]
    assert len(json.dumps(plot(df).vega_lite(), indent=1)) < 200_000


@pytest.mark.parametrize("name", FRAMES)
def test_each_tick_of_the_specification_has_its_own_name(name: str) -> None:
    """Vega sorts the ticks, so a name goes by the value: by its number it would be another's."""
    picture = plot(FRAMES[name])
    encoding = picture.vega_lite()["encoding"]
    for field, axis in (("x", picture._chart.x), ("y", picture._chart.y)):
        shown = encoding[field]["axis"]
        if shown:
            expression = re.fullmatch(r"\((\{.*\})\)\[toString\(datum.value\)\] \|\| ''",
                                 shown["labelExpr"])  # fmt: skip
            assert expression
            names = json.loads(expression[1])
            ticks = [(float(key), "\n".join(lines)) for key, lines in names.items()]
            assert ticks == list(axis.ticks)


def test_numbers_are_written_as_javascript_does() -> None:
    """Else a tick would find no name."""
    ticks = tuple((place, "x") for place in (0, 0.0, 0.05, 739000, 1e9, 0.1 + 0.2))
    drawn = Chart("", (), "", ChartAxis(0, 1, ticks), ChartAxis(0, 1), (), 100)
    axis = vega.Picture(drawn).vega_lite()["encoding"]["x"]["axis"]
    keys = ["0", "0.05", "739000", "1000000000", "0.30000000000000004"]
    assert [json.dumps(key) in axis["labelExpr"] for key in keys] == [True] * 5


def test_the_specification_holds_the_counts_themselves() -> None:
    """It is data: who takes it apart finds what was counted."""
    spec = plot(frame(*weeks(3, 7, 5))).vega_lite()
    heights = {value["y"] for value in numbers(spec)}
    assert {3, 7, 5} <= heights


def parts(colour: str) -> list[float]:
    """The red, green and blue of `#rrggbb`, from 0 to 1."""
    return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]


def contrast(first: list[float], second: list[float]) -> float:
    """WCAG's contrast ratio of two colours."""

    def light(colour: list[float]) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
        return sum(p * w for p, w in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))

    low, high = sorted([light(first), light(second)])
    return (high + 0.05) / (low + 0.05)


def test_text_and_lines_stand_out() -> None:
    """4.5 for text and 3 for lines; what JupyterLab draws must do so in both of its themes."""
    assert contrast(parts(vega.INK), parts(vega.GROUND)) >= 4.5
    for ground in (vega.GROUND, "#111111"):
        assert min(contrast(parts(colour), parts(ground)) for colour in Colour) >= 3


@pytest.mark.parametrize(("ink", "ground"), [("#000000", "#ffffff"), ("#ffffff", "#111111")])
def test_numbers_are_read_on_the_strongest_cell(ink: str, ground: str) -> None:
    """A heat map's colour covers a part of the page; the page's own text stands on it."""
    from ct_magic.charts.retention import STRONGEST

    blue, under = parts(Colour.FIRST), parts(ground)
    mixed = [STRONGEST * b + (1 - STRONGEST) * u for b, u in zip(blue, under, strict=True)]
    assert contrast(mixed, parts(ink)) >= 4.5


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


def test_it_says_itself_in_words() -> None:
    """In a terminal that is all there is."""
    assert repr(plot(FRAMES["values"])).startswith("Charged: profiles, by Category, 2026-09-07.")


@pytest.mark.parametrize("name", FRAMES)
def test_a_png_is_as_large_as_it_says(name: str) -> None:
    """A notebook shows it with letters as large as the page's, and sharp; it has a palette."""
    picture = plot(FRAMES[name])
    data, about = picture._repr_mimebundle_()
    image = Image.open(io.BytesIO(data["image/png"]))
    image.load()
    shown = about["image/png"]
    assert image.size == (vega.SHARPER * shown["width"], vega.SHARPER * shown["height"])
    assert shown["width"] == vega.WIDTH
    assert image.mode == "P"
    assert image.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_what_is_saved_is_what_was_shown() -> None:
    """One specification for both, but for the width and the colours of text and ground."""
    picture = plot(FRAMES["triangle"])
    shown = picture.vega_lite()
    saved = vega._specification(picture._chart, 820, vega.GROUND, vega.INK)
    assert shown["layer"] == saved["layer"]
    assert shown["encoding"] == saved["encoding"]
    assert "Colour" not in repr(shown)  # plain texts and numbers, as JSON has them
    assert shown["config"]["text"]["color"] == "currentColor"  # the page's own, in any theme
    assert "currentColor" not in json.dumps(saved)
    svg = vega.drawn(picture._chart, "svg").decode()
    written = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    texts = [tile["text"] for tile in shown["layer"][0]["data"]["values"]]
    assert not set(texts) - set(written)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    """With those that there are."""
    with pytest.raises(ct_magic.UsageError, match=r"saved as \.png, \.svg, \.pdf or \.json"):
        plot(FRAMES["values"]).save(tmp_path / "x.gif")


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


def in_a_process(code: str, *paths: str) -> str:
    inside = [*paths, str(Path(__file__).parents[1])]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {inside!r}\n{code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_without_the_extra_jupyterlab_draws_and_a_file_says_what_it_needs() -> None:
    """What needs no library needs none, and nothing is said below a picture that is seen."""
    said = in_a_process("""
import sys
sys.modules["vl_convert"] = None
from helpers.frames import frame, weeks
from ct_magic import MissingExtraError, plot
picture = plot(frame(*weeks(3, 4)))
data, about = picture._repr_mimebundle_()
assert set(data) == {"application/vnd.vegalite.v5+json", "text/plain"}
assert data["text/plain"] == picture.text
for save in (picture.png, lambda: picture.save("weeks.png")):
    try:
        save()
    except MissingExtraError as error:
        print(error)
""")
    assert said.count("plotting needs the extra 'plot': pip install 'ct-magic[plot]'") == 2


def test_a_broken_library_is_said_in_one_line(tmp_path: Path) -> None:
    """One built for another machine raises on import: words and JupyterLab's picture are there."""
    (tmp_path / "vl_convert.py").write_text("raise OSError('wrong ELF class')", encoding="utf-8")
    said = in_a_process(
        """
from helpers.frames import frame, weeks
from ct_magic import plot
data, about = plot(frame(*weeks(3, 4)))._repr_mimebundle_()
assert "application/vnd.vegalite.v5+json" in data
print(data["text/plain"])
""",
        str(tmp_path),
    )
    assert "vl-convert cannot be imported (OSError: wrong ELF class)" in said


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_a_forked_process_says_that_it_cannot_draw_and_does_not_hang() -> None:
    """The library's threads are not there; JupyterLab's picture needs none."""
    said = in_a_process("""
import os
from helpers.frames import frame, weeks
from ct_magic import plot
picture = plot(frame(*weeks(3, 4)))
picture.png()
child = os.fork()
if not child:
    data, about = picture._repr_mimebundle_()
    print(sorted(data), data["text/plain"], flush=True)
    os._exit(0)
os.waitpid(child, 0)
""")
    assert "image/png" not in said
    assert "a forked process cannot draw a file" in said


def test_the_public_names_are_there() -> None:
    """What the README names."""
    assert ct_magic.plot is plot
    assert ct_magic.Picture is Picture
    assert callable(ct_magic.compare)
