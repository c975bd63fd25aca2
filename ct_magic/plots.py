"""A picture of counts: lines over time, bars over values, a funnel; legible in both themes."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from .errors import MissingExtraError
from .ratios import shares
from .shape import Kind, Shape, shape

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK = "#7a7a7a"  # as far from white as from JupyterLab's dark background
BAR = "#2f7fd1"
WIDTH, ROW, HIGH = 7.5, 0.38, 3.2  # inches
LONGEST = 42  # characters of a name
FEW = 16  # pieces of a single series that are drawn as bars
DPI = 144


class Picture:
    """A picture of counts: a notebook shows and saves it; `axes` is matplotlib's, `save()` writes.

    `text` says in words what is drawn.
    """

    def __init__(self, axes: Axes, text: str) -> None:
        self.axes, self.text = axes, text

    def png(self) -> bytes:
        """Give the picture as PNG, on a transparent ground."""
        return self._drawn("png")

    def save(self, file: str | Path) -> None:
        """Write it: PNG, SVG or PDF, by the file's ending."""
        path = Path(file)
        path.write_bytes(self._drawn(path.suffix.lstrip(".") or "png"))

    def _drawn(self, kind: str) -> bytes:
        out = BytesIO()
        with warnings.catch_warnings():
            # A name in a script that the font lacks is boxes, which one sees without being warned.
            warnings.filterwarnings("ignore", "Glyph .* missing from")
            figure: Any = self.axes.figure  # to matplotlib's types it could be a SubFigure
            figure.savefig(out, format=kind, dpi=DPI, bbox_inches="tight", transparent=True)
        return out.getvalue()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {"image/png": self.png(), "text/plain": self.text}

    def __repr__(self) -> str:
        return self.text


def plot(df: pd.DataFrame) -> Picture:
    """Draw counts as their shape asks for; give the Picture, which a notebook shows.

    Over time: bars for one short series, else a line for each series. One count for each value:
    bars. Several statements over one period: a funnel, with the share of the first and of the one
    before. Counts that did not arrive are left out and said below. Nothing of matplotlib's own
    settings is changed. Raises UsageError for a DataFrame that holds no counts, MissingExtraError
    without matplotlib (extra `plot`).
    """
    known = shape(df)
    axes = _axes(_height(df, known))
    if known.kind is Kind.TIME:
        _time(axes, df, known)
    else:
        _bars(axes, df, known)
    _calm(axes)
    return Picture(axes, _said(axes, df, known))


def need_matplotlib() -> None:
    """Raise MissingExtraError where nothing can be drawn, so that it is said before counting."""
    if find_spec("matplotlib") is None:
        raise MissingExtraError("plotting", "plot")


def _axes(height: float) -> Axes:
    need_matplotlib()
    from matplotlib.figure import Figure

    # Not pyplot's: what it does not know, it neither shows a second time nor keeps for ever.
    return Figure(figsize=(WIDTH, height)).subplots()


def _height(df: pd.DataFrame, known: Shape) -> float:
    return HIGH if known.kind is Kind.TIME else max(1.0, ROW * len(df) + 0.6)


def _time(axes: Axes, df: pd.DataFrame, known: Shape) -> None:
    table = (
        pd.DataFrame({"start": df["start"], "name": known.series, "count": _counts(df)})
        .pivot_table(index="start", columns="name", values="count", sort=False, dropna=False)
        .sort_index()
        .reindex(columns=list(dict.fromkeys(known.series)))
    )
    if len(table.columns) == 1 and len(table) <= FEW:
        table.index = [f"{day:%d %b}" if len(table) > 1 else f"{day:%x}" for day in table.index]
        table.plot.bar(
            ax=axes, color=BAR, width=0.8, legend=False, rot=0 if len(table) < 10 else 60
        )
    else:
        table.columns = [_shown(name) for name in table.columns]
        table.plot.line(ax=axes, legend=False, linewidth=1.8, marker="." if len(table) < 60 else "")
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    if len(table.columns) == 1:
        axes.set_title(_shown(known.series[0]), loc="left")
    else:
        axes.legend(frameon=False, labelcolor=INK, loc="upper left", bbox_to_anchor=(1, 1))


def _bars(axes: Axes, df: pd.DataFrame, known: Shape) -> None:
    counts = pd.Series(_counts(df).to_numpy(), index=[_shown(name) for name in known.series])
    counts.plot.barh(ax=axes, color=BAR, width=0.72, legend=False)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.02 * max(counts.max(), 1) if counts.notna().any() else 1)
    axes.set_xticks([])
    for place, words in enumerate(_words(df, known)):
        length = counts.iloc[place]
        axes.annotate(
            words,
            (0 if pd.isna(length) else length, place),
            (5, 0),
            color=INK,
            va="center",
            textcoords="offset points",
        )


def _words(df: pd.DataFrame, known: Shape) -> list[str]:
    numbers = [_number(count) for count in df["count"]]
    if known.kind is not Kind.FUNNEL:
        return numbers
    found = shares(df)
    first, before = found["share_of_first"], found["share_of_previous"]
    return [
        number if row == 0 else number + _percent(first.iloc[row], before.iloc[row], row)
        for row, number in enumerate(numbers)
    ]


def _percent(first: Any, before: Any, row: int) -> str:
    said = [] if pd.isna(first) else [f"{first:.0%} of the first"]
    if row > 1 and not pd.isna(before):
        said.append(f"{before:.0%} of the one before")
    return f"   {', '.join(said)}" if said else ""


def _number(count: Any) -> str:
    return "no count" if pd.isna(count) else f"{count:,}"


def _calm(axes: Axes) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(INK)
    axes.tick_params(colors=INK, which="both", length=0)
    axes.set_xlabel("")
    axes.set_ylabel("")
    axes.title.set_color(INK)
    axes.set_axisbelow(True)
    if len(axes.get_xticks()):
        axes.grid(axis="y", color=INK, alpha=0.25, linewidth=0.6)


def _said(axes: Axes, df: pd.DataFrame, known: Shape) -> str:
    lost = int(df["count"].isna().sum())
    span = f"{df['start'].min():%Y-%m-%d} to {df['end'].max():%Y-%m-%d}"
    note = f"profiles, {span}" + (f"; {lost} without a count" if lost else "")
    axes.annotate(
        note,
        (0, 0),
        (0, -34 if known.kind is Kind.TIME else -8),
        xycoords="axes fraction",
        textcoords="offset points",
        color=INK,
        va="top",
        fontsize="small",
    )
    return f"{known.kind.value}: {len(df)} rows, {note}"


def _counts(df: pd.DataFrame) -> pd.Series[float]:
    found: pd.Series[float] = df["count"].astype("Float64").astype(float)
    return found


def _shown(name: str) -> str:
    # matplotlib reads $...$ as a formula, and leaves names with a leading _ out of a legend.
    cut = name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
    return (" " if cut.startswith("_") else "") + cut.replace("$", r"\$")
