"""What a panel shows of a run, and how often it may speak.

A `Standing` is a run at a moment, a frozen value that text, tables and HTML are drawn from. A
`Panel` shows one from time to time: without widgets in `plain_panels`, with them in `widget_panel`.
"""

from __future__ import annotations

import logging
import re
from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime, tzinfo

from ct_magic.client.jobs import Job, State
from ct_magic.common import words
from ct_magic.planning.row_results import RowResult, RowRun
from ct_magic.rows import Plan, Record, Row, is_over

_log = logging.getLogger(__name__)
MOST_ROWS = 200  # in a page; the DataFrame has all
FINE = (State.SUCCESS, State.NOT_YET)  # a row that cannot be asked yet is no failure
LEAST_ENDED = 5  # counts that must have ended before the rest is estimated
LEAST_SHARE = 0.1  # of all that are asked
LEAST_SECONDS = 10.0
_WINDOW_WORDS = re.compile(r" (within|on days?) [\d., ]+( \w+)?( >=? \d+)?$")
_SHIFT_WORDS = re.compile(r" (after|before) (\w+?)s?$")


class About(Record):
    """What a panel says of a cell beside its rows; all of it may be missing.

    `account` is whom it asks, where that is to be said, and `name` what it is called where it is
    not the environment's; `used` is what the one in use is called. Times are those of `zone`,
    whose date is `today`. A `stable` panel shows no time of day and no duration: two runs look
    alike but for the counts. Where the cell is `plotted`, the rows of a panel are folded at the
    end, for the picture shows them. `left_out` is how many counts of the cell were never sent, and
    are not asked now either. `days` are the days of a lone number, as far as the journal has them.
    """

    note: str | None = None
    account: str | None = None
    name: str | None = None
    used: str | None = None
    zone: tzinfo | None = None
    today: date | None = None
    stable: bool = False
    plotted: bool = False
    left_out: int = 0
    days: tuple[RowResult, ...] = ()


USUAL = About()


class Standing(Record):
    """A plan, its rows as they stood at `now` (a reading of the run's clock), and what is said.

    `outage` is since when no answer came, and when the service is given up, by the run's clock;
    `at_once` how many requests the service takes, where that is fewer than are wanted; `marked`
    are the numbers of rows that somebody is about to cancel.
    """

    plan: Plan
    rows: tuple[RowResult, ...]
    now: float
    about: About = USUAL
    outage: tuple[float, float] | None = None
    at_once: int | None = None
    marked: frozenset[int] = frozenset()

    @property
    def over(self) -> bool:
        """True when every row has ended."""
        return all(row.state.ended for row in self.rows)

    @property
    def lost(self) -> list[RowResult]:
        """The rows that have ended without a count."""
        return [row for row in self.rows if row.state.ended and row.state not in FINE]

    @property
    def tally(self) -> Counter[State]:
        """How many rows are in each state."""
        return Counter(row.state for row in self.rows)

    @property
    def has_shares(self) -> bool:
        """True where rows are compared with a base."""
        return any(row.row.base is not None for row in self.rows)

    @property
    def seconds(self) -> float | None:
        """The seconds since the first request; None where none was sent, or none may be shown."""
        begun = [job.began for job in self.jobs if job.began is not None]
        if not begun or self.about.stable:
            return None
        ended = [job.ended for job in self.jobs if job.ended is not None]
        return (max(ended, default=self.now) if self.over else self.now) - min(begun)

    @property
    def next_look(self) -> float:
        """When the next look at any count is due, by the run's clock; infinite for none."""
        dues = (job.due for job in self.jobs if not job.state.ended and job.due is not None)
        return min((due for due in dues if due > self.now), default=float("inf"))

    @property
    def cached(self) -> tuple[int, datetime | None]:
        """How many rows the journal answered, and when the oldest of them was counted."""
        rows, zone = [row for row in self.rows if row.cached], self.about.zone
        taken = [min(job.taken for job in row.jobs if job.taken) for row in rows]
        times = [row.moment(zone) or time for row, time in zip(rows, taken, strict=True)]
        oldest = min(times, default=None)
        return len(rows), oldest and oldest.astimezone(zone)

    def is_open(self, row: RowResult) -> bool:
        """Return True for a count that is not of whole days, or not of a whole piece."""
        return row.row.whole is False or self._is_before_its_end(row)

    def so_far(self, row: RowResult) -> str:
        """Return how much a count that is not of a whole piece holds; nothing of a whole one.

        `so far, until 30 Nov 11:15`, `2 of 7 days`.
        """
        if not self.is_open(row):
            return ""
        has, whole = _length(row.row), self._whole_length(row.row)
        parts = [f"{has} of {words.counted(whole, 'day')}"] if whole and has < whole else []
        if self._is_before_its_end(row):
            time = row.moment(self.about.zone)
            shown = time is not None and not self.about.stable
            until = f"until {words.day(time)} {time:%H:%M}" if time and shown else ""
            parts = [*(parts or ["so far"]), until]
        elif not parts:
            parts = [f"{words.counted(has, 'day')}, not a whole piece"]
        return ", ".join(filter(None, parts))

    def _is_before_its_end(self, row: RowResult) -> bool:
        """Return True for a count that was taken before the last of its days was over."""
        if self.about.today is None:
            return False
        at = row.moment(self.about.zone)
        day, hours = (at.date(), at.hour) if at else (self.about.today, 0)
        return not is_over(row.row.end, row.row.pieces, day, hours)

    def _whole_length(self, row: Row) -> int | None:
        """Return how many days the piece of a row would have, were it whole; None if unknown."""
        if row.from_day is not None and row.base is not None:
            return _length(self.rows[row.base].row)  # own days leave some out
        same = [other.row for other in self.rows if other.row.statement == row.statement]
        lengths = {_length(other) for other in same if other.whole}
        month = monthrange(row.start.year, row.start.month)[1]
        if lengths == {7}:
            return 7
        return month if lengths and lengths <= {28, 29, 30, 31} else None

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The counts behind the rows, each once."""
        jobs = (job for row in self.rows for job in row.jobs)
        return tuple({job.number: job for job in jobs}.values())


class Panel:
    """Shows nothing: what `progress="none"` gives, and what the others are made from.

    `refresh()` may be called as often as one likes and speaks at most once a second; `close()`
    shows the end. `comm_ids` are the widgets whose clicks must be heard while a cell blocks; None
    where there never are any.
    """

    comm_ids: Collection[str] | None = None
    tick = 1.0  # seconds between two messages to the front end
    ticks = False  # whether a second that has passed is news

    def __init__(self, run: RowRun, about: About = USUAL) -> None:
        self._run, self._about = run, about
        self._spoken = float("-inf")
        self._shown: object = None
        self._until = float("inf")  # when what is shown is no longer true, whatever happens
        self._lost = False

    def refresh(self) -> None:
        """Show what has changed, if it is time."""
        self._safely(self._refresh)

    def close(self) -> None:
        """Show how it ended."""
        self._safely(lambda: self._end(self._standing()))

    def disable_buttons(self) -> None:
        """Announce that clicks have no effect here, and what has."""

    def move_here(self) -> None:
        """Be shown by this thread from now on, in place of the cell's, which is left."""

    def _standing(self) -> Standing:
        plan, rows, run = self._run.plan, self._run.rows, self._run.questions
        return Standing(plan, rows, run.clock(), self._about, run.outage, run.at_once)

    def _safely(self, show: Callable[[], None]) -> None:
        if self._lost:
            return
        try:
            show()
        except Exception:
            # Whatever a front end does to a panel, the counts arrive.
            self._lost = True
            _log.warning("ct_magic: the panel was lost; counting goes on", exc_info=True)

    def _refresh(self) -> None:
        now = self._run.questions.clock()
        if now - self._spoken < self.tick:
            return
        # Frozen rows: the same tuple of them is the same picture.
        shown = self._run.rows, self._run.questions.outage
        if self.ticks or shown != self._shown or now >= self._until:
            self._spoken, self._shown = now, shown
            self._show(self._standing())

    def _show(self, standing: Standing) -> None: ...

    def _end(self, standing: Standing) -> None: ...


def _length(row: Row) -> int:
    return (row.end - row.start).days + 1


def single(standing: Standing) -> RowResult | None:
    """Return the row of a cell that is one number: its only one, or its only share."""
    rows = standing.rows
    if len(rows) == 1:
        return rows[0]
    is_share = len(rows) == 2 and [row.row.base for row in rows] == [0, 0]
    return rows[1] if is_share else None


def seconds_left(jobs: Sequence[Job], now: float) -> tuple[float, float] | None:
    """Return the least and the most seconds that are likely left; None without ground for it.

    Ground is a queue that moves: while counts wait for their turn, others end at some pace. What
    has been asked comes when the service is ready, and no pace says when; where as many are asked
    as have ended, that is most of what is left. Nor has a run's first tenth a pace.
    """
    # Neither the journal's counts nor those that were cancelled say how long one takes.
    sent = [job for job in jobs if job.began is not None and job.taken is None]
    ended = [job for job in sent if job.state in (State.SUCCESS, State.FAILED)]
    asked = [job for job in sent if not job.state.ended]
    waiting = sum(job.state is State.WAITING and job.began is None for job in jobs)
    elapsed = now - min((job.began or 0.0 for job in sent), default=now)
    least = max(LEAST_ENDED, LEAST_SHARE * (len(sent) + waiting), len(asked))
    if not waiting or len(ended) < least or elapsed < LEAST_SECONDS:
        return None
    left = (len(asked) + waiting) * elapsed / len(ended)
    return 0.7 * left, 1.4 * left


def waiting(row: RowResult) -> Job | None:
    """Return the count that a row waits for: of several the one that is looked at first."""
    jobs = [job for job in row.jobs if not job.state.ended]
    return min(jobs, key=lambda job: float("inf") if job.due is None else job.due, default=None)


def has_trouble(row: RowResult) -> bool:
    """Return True if a count behind a row waits for more than its turn or its answer."""
    return any(job.note is not None and not job.state.ended for job in row.jobs)


def is_kept(row: RowResult) -> bool:
    """Return True if the service goes on counting what we stopped asking for."""
    return any(
        job.req_id is not None and (job.lost or job.state in (State.CANCELLED, State.TIMED_OUT))
        for job in row.jobs
    )


def pieces(row: Row) -> list[str]:
    """Return what tells a row from others of its statement, but for its days."""
    step = row.step or ""
    # A step with one window is printed with it.
    is_said = row.from_day is None or _WINDOW_WORDS.search(step)
    window = row.after is not None or not is_said
    parts = [*(str(value) for _, value in row.pieces), step, column_words(row) if window else ""]
    return [part for part in parts if part]


def column_words(row: Row, *, within: bool = False) -> str:
    """Return what tells a row from others of its step: `week 3`, `day 7`, `within 7 days`."""
    if row.window is None:
        moved = _SHIFT_WORDS.search(row.step or "")
        unit = "after" if moved is None else moved[2] if moved[1] == "after" else moved[1]
        return f"{unit} {row.after}"
    return words.window_words(row.window, within=within)
