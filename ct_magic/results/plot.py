"""A picture of counts: lines over time, bars over values, a funnel; legible in both themes."""

from __future__ import annotations

import struct
import warnings
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..errors import MissingExtraError
from ..text_width import plain
from .kind import Kind, Shape, shape
from .shares import shares

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK = "#7a7a7a"  # as far from white as from JupyterLab's dark background
BAR = "#2f7fd1"
PALE = "#2f7fd180"
WIDTH, ROW, HIGH = 7.5, 0.38, 3.2  # inches
LONGEST, LONGEST_TITLE = 42, 84  # characters
FEW = 16  # pieces of a single series that are drawn as bars
MOST = 60  # bars in one picture: more would be a picture that nobody scrolls through
DPI, POINTS = 144, 96  # dots an inch in the file, and points an inch on a page
# Told apart without colour, too.
STYLES = ["o-", "s--", "^-.", "D:", "v-", "P--", "X-.", "*:"]


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
        figure: Any = self.axes.figure  # to matplotlib's types it could be a SubFigure
        with warnings.catch_warnings():
            # A name in a script that the font lacks is boxes, which one sees without being warned.
            warnings.filterwarnings("ignore", "Glyph .* missing from")
            figure.savefig(out, format=kind, dpi=DPI, bbox_inches="tight", transparent=True)
        return out.getvalue()

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        png = self.png()
        # Drawn finer than a page's points, so that it is sharp; shown with letters like the page's.
        sides = [side * POINTS // DPI for side in struct.unpack(">II", png[16:24])]
        size = dict(zip(("width", "height"), sides, strict=True))
        return {"image/png": png, "text/plain": self.text}, {"image/png": size}

    def __repr__(self) -> str:
        return self.text


def plot(df: pd.DataFrame) -> Picture:
    """Draw counts as their shape asks for; give the Picture, which a notebook shows.

    Over time: bars for one short series, else a line for each series. One count for each value:
    bars. Several statements over one period: a funnel, with the share of the first and of the one
    before. A line below says what is drawn: the days, how many counts did not arrive, and how many
    pieces are shorter than the others (as bars these are paler). Nothing of matplotlib's own
    settings is changed. Raises UsageError for a DataFrame that holds no counts, MissingExtraError
    without matplotlib (extra `plot`).
    """
    known = shape(df)
    # From a CSV they are texts.
    df = df.assign(**{day: pd.to_datetime(df[day]) for day in ("start", "end")})
    axes = _axes(_height(len(df), known.kind))
    note = _note(df, known.kind)
    if known.kind is Kind.TIME:
        _time(axes, df, known)
    else:
        _bars(axes, df.head(MOST), known)
    _calm(axes, _title(df, known), note)
    rows = f"{len(df):,} row{'s' * (len(df) != 1)}"
    return Picture(axes, f"{known.kind.value}: {rows}, {note}")


def need_matplotlib() -> None:
    """Raise MissingExtraError where nothing can be drawn, so that it is said before counting."""
    if find_spec("matplotlib") is None:
        raise MissingExtraError("plotting", "plot")


def _axes(height: float) -> Axes:
    need_matplotlib()
    from matplotlib.figure import Figure

    # Not pyplot's: what it does not know, it neither shows a second time nor keeps for ever.
    return Figure(figsize=(WIDTH, height)).subplots()


def _height(rows: int, kind: Kind) -> float:
    return HIGH if kind is Kind.TIME else max(1.0, ROW * min(rows, MOST) + 0.6)


def _time(axes: Axes, df: pd.DataFrame, known: Shape) -> None:
    names = list(dict.fromkeys(known.series))
    told = {"start": df["start"], "name": known.series, "count": _counts(df)}
    table = pd.DataFrame(told).pivot_table(
        index="start", columns="name", values="count", dropna=False
    )[names]
    if len(names) == 1 and len(table) <= FEW:
        _columns(axes, table[names[0]], _is_short(df.sort_values("start")))
    else:
        _lines(axes, table.set_axis([_shown(name) for name in names], axis="columns"))
    axes.set_ylim(0, max(axes.get_ylim()[1], 1))
    # Half a profile is none: a small axis would name 2.5 and 3.5, and round them.
    axes.locator_params(axis="y", integer=True)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    if len(names) > 1:
        axes.legend(frameon=False, labelcolor=INK, loc="upper left", bbox_to_anchor=(1, 1))


def _columns(axes: Axes, counts: pd.Series[float], short: pd.Series[bool]) -> None:
    colours: list[Any] = [PALE if is_short else BAR for is_short in short]
    counts.reset_index(drop=True).plot.bar(ax=axes, color=colours, width=0.8)
    _name_pieces(axes, pd.DatetimeIndex(counts.index))


def _lines(axes: Axes, table: pd.DataFrame) -> None:
    days = pd.DatetimeIndex(table.index)
    styles = STYLES if len(days) <= MOST else [style[1:] for style in STYLES]
    told: dict[str, Any] = {"legend": False, "linewidth": 1.8, "markersize": 5, "x_compat": True}
    told["style"] = [styles[at % len(styles)] for at in range(len(table.columns))]
    if len(days) <= FEW:
        table.reset_index(drop=True).plot.line(ax=axes, **told)
        _name_pieces(axes, days)
    else:
        table.plot.line(ax=axes, rot=0, **told)
        _name_days(axes)
    axes.margins(x=0.02)
    axes.autoscale(axis="x")


def _name_pieces(axes: Axes, days: pd.DatetimeIndex) -> None:
    form = "%b %Y" if len(days) > 1 and (days[1:].day == 1).all() else "%d %b"
    rotation = 0 if len(days) < 8 else 45
    axes.set_xticks(range(len(days)), days.strftime(form), rotation=rotation)


def _name_days(axes: Axes) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    where = AutoDateLocator(maxticks=9)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(where)
    names = ConciseDateFormatter(where, show_offset=False)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(names)
    for text in axes.get_xticklabels():
        text.set_horizontalalignment("center")


def _bars(axes: Axes, df: pd.DataFrame, known: Shape) -> None:
    names = [_shown(name) for name in known.series[: len(df)]]
    counts = pd.Series(_counts(df).to_numpy(), index=names)
    counts.plot.barh(ax=axes, color=BAR, width=0.72, legend=False)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.02 * max(counts.max(), 1) if counts.notna().any() else 1)
    axes.set_xticks([])
    for place, said in enumerate(_words(df, known.kind)):
        end = 0 if pd.isna(counts.iloc[place]) else counts.iloc[place]
        told: dict[str, Any] = {"color": INK, "va": "center", "textcoords": "offset points"}
        axes.annotate(said, (end, place), (5, 0), **told)


def _words(df: pd.DataFrame, kind: Kind) -> list[str]:
    numbers = ["no count" if pd.isna(count) else f"{count:,}" for count in df["count"]]
    if kind is not Kind.FUNNEL:
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


def _calm(axes: Axes, title: str, note: str) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(INK)
    axes.tick_params(colors=INK, which="both", length=0)
    axes.set_title(title, loc="left", color=INK)
    axes.set_xlabel(note, loc="left", color=INK, fontsize="small", labelpad=8)
    axes.set_ylabel("")
    axes.set_axisbelow(True)
    if len(axes.get_xticks()):
        axes.grid(axis="y", color=INK, alpha=0.25, linewidth=0.6)


def _title(df: pd.DataFrame, known: Shape) -> str:
    asked = [str(name) for name in df["query"].unique()]
    drawn = len(asked) > 1 or (known.kind is Kind.NUMBER and asked == list(known.series))
    return "" if drawn else _shown(asked[0], LONGEST_TITLE)


def _note(df: pd.DataFrame, kind: Kind) -> str:
    said = [f"profiles, {df['start'].min():%Y-%m-%d} to {df['end'].max():%Y-%m-%d}"]
    if lost := int(df["count"].isna().sum()):
        said.append(f"{lost} without a count")
    if kind is Kind.TIME and (short := df.loc[_is_short(df), "start"].nunique()):
        said.append("1 shorter piece" if short == 1 else f"{short} shorter pieces")
    if kind is not Kind.TIME and len(df) > MOST:
        said.append(f"the first {MOST} of {len(df):,} rows")
    return "; ".join(said)


def _is_short(df: pd.DataFrame) -> pd.Series[bool]:
    # A tenth less than the longest: a week of six days is short, a February is not.
    days = (df["end"] - df["start"]).dt.days + 1
    short: pd.Series[bool] = days < 0.9 * days.max()
    return short


def _counts(df: pd.DataFrame) -> pd.Series[float]:
    found: pd.Series[float] = df["count"].astype("Float64").astype(float)
    return found


def _shown(name: str, longest: int = LONGEST) -> str:
    # matplotlib reads $...$ as a formula, and leaves names with a leading _ out of a legend.
    folded = plain(name)
    cut = folded if len(folded) <= longest else folded[: longest - 1] + "…"
    return (" " if cut.startswith("_") else "") + cut.replace("$", r"\$")
