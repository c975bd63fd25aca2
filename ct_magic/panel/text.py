"""The state of a run -> plain words: what a terminal prints, a log keeps, a screen reader says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from math import ceil

from ct_magic.client.jobs import State
from ct_magic.common import words
from ct_magic.common.words import plain
from ct_magic.panel.panel import Standing, is_kept, seconds_left, waiting
from ct_magic.planning.row_results import RowResult, reason

ROWS = 20  # rows of a table that is shown whole
DOZEN = 12  # lines of a longer one in plain text
STATEMENTS = 12  # that are shown
LONGEST_STATEMENT = 2000  # characters of one
TERMINAL = 80  # of a terminal that does not say how wide it is
MINUTES = 90  # seconds from which on people wonder
# Its sign, and what it is called of several rows; what a summary names comes first.
_STATES = {
    State.SUBMITTED: ("…", "asked"),
    State.WAITING: ("·", "waiting their turn"),
    State.FAILED: ("✗", "failed"),
    State.CANCELLED: ("-", "cancelled"),
    State.TIMED_OUT: ("!", "timed out"),
    State.INCONSISTENT: ("!", "inconsistent"),
    State.NOT_YET: ("·", "not yet"),
    State.SUCCESS: ("✓", ""),
}
SIGNS = {state: sign for state, (sign, _) in _STATES.items()}
REFRESH = "--refresh asks anew"
ANY_ORDER = "in any order: the service knows days, not sequences"
NEARLY_ALL = 0.9  # of the profiles: more of them did it on day 0 than people expect
DAY_0 = "day 0 counts: for who came back write on day 1, 7, 30"
FETCH = "run the cell again: what was sent is fetched, the rest is asked"
MISSING = "run the cell again to ask for what is missing"
NEVER_SENT = "the other {} were never sent: run the cell again"


def summary(standing: Standing) -> str:
    """Return the state of a cell in one line: `61 of 500 done · 164 asked · 275 waiting …`."""
    parts = [done(standing), *groups(standing), outage(standing) or time_left(standing)]
    return " · ".join(filter(None, parts))


def done(standing: Standing) -> str:
    """Return how many rows have their count: `61 of 500 done`; of a part, of all there were."""
    rows, left_out = len(standing.rows), standing.about.left_out
    there = f"{standing.tally[State.SUCCESS]:,} of {rows + left_out:,}"
    return there if left_out else f"{there} done"


def groups(standing: Standing) -> list[str]:
    """Return how many rows are in each state that is not done: `164 asked`, and what holds them."""
    known = ((standing.tally[state], word) for state, (_, word) in _STATES.items() if word)
    parts = [f"{n:,} {word if n > 1 else word.replace('their', 'its')}" for n, word in known if n]
    is_held = standing.at_once is not None and not standing.over
    return [*parts, f"the service takes {standing.at_once} at once"] if is_held else parts


def time_left(standing: Standing) -> str:
    """Return the time that is left, `about 1 to 2 min left`; what is expected until one came."""
    if left := seconds_left(standing.jobs, standing.now):
        return f"about {words.durations(*left)} left"
    has_come = any(row.state.ended for row in standing.rows)
    return "" if has_come else standing.plan.expects or ""


def outage(standing: Standing) -> str:
    """Return what keeps the whole run waiting, and what becomes of it; nothing while it goes on."""
    troubled = [row for row in standing.rows if trouble(row)]
    if not troubled or standing.over:
        return ""
    why = Counter(map(trouble, troubled)).most_common(1)[0][0]
    now, tries = standing.now, [left for row in troubled if (left := next_look(row, standing.now))]
    again = f"trying again in {words.duration(min(tries))}" if tries else "trying again"
    if standing.outage is None:
        is_all = len(troubled) == sum(not row.state.ended for row in standing.rows)
        return f"{why}, {again}" if is_all and len(troubled) > 1 else ""
    since, until = standing.outage
    ends = f"{again}, giving up in {words.duration(max(until - now, 0.0))}"
    return f"{why} for {words.duration(now - since)}, {ends}; nothing that was asked is lost"


def from_when(standing: Standing) -> str:
    """Return how many counts came from the journal, and of when: `3 from 10:07`; or nothing."""
    cached, oldest = standing.cached
    if oldest is None or not standing.over or standing.about.stable:
        return ""
    of = {1: {1: ""}, 2: {2: "both"}}.get(len(standing.rows), {})
    which = of.get(cached, "all" if cached == len(standing.rows) else f"{cached:,}")
    is_today = standing.about.today == oldest.date()
    day = "" if is_today else f"{words.day(oldest.date(), year=True)} "
    return f"{which} from {day}{oldest:%H:%M}".strip()


def progress(standing: Standing) -> str:
    """Return how far a cell is, in words that change only when something has happened."""
    rows = standing.rows
    if len(rows) == 1:
        return f"{plain(rows[0].row.title)} - {phase(rows[0], standing)}"
    # Tenths, so that a thousand counts are not a thousand lines.
    tenths = 10 * sum(row.state.ended for row in rows) // len(rows) if rows else 10
    failed = standing.tally[State.FAILED]
    return f"{tenths * 10} % of {len(rows):,} counts" + (f", {failed:,} failed" if failed else "")


def notes_of(standing: Standing) -> list[str]:
    """Return the sentences on the whole cell."""
    left_out, lost = standing.about.left_out, standing.lost if standing.over else []
    do = (FETCH if any(map(is_kept, lost)) else MISSING) if lost else None
    never = NEVER_SENT.format(f"{left_out:,}") if left_out else None
    steps = [row for row in standing.rows if (row.row.step or "").startswith("did")]
    order = ANY_ORDER if any(row.row.from_day is None for row in steps) else None
    first = [row for row in steps if row.row.from_day == 0 and (row.share or 0) >= NEARLY_ALL]
    day_0 = DAY_0 if first else None
    return [note for note in (never, do, order, standing.about.note, day_0) if note]


def queries(standing: Standing) -> list[str]:
    """Return the statements as typed, each a text of one or more lines."""
    plan = standing.plan
    texts = plan.statements or tuple(dict.fromkeys(row.title for row in plan.rows))
    left = len(texts) - STATEMENTS

    def printable(line: str) -> str:
        return line[: len(line) - len(line.lstrip(" "))] + plain(line)

    shown = [
        "\n".join(map(printable, text[:LONGEST_STATEMENT].splitlines()))
        for text in texts[:STATEMENTS]
    ]
    return [*shown, *([f"# and {left:,} more"] if left > 0 else [])]


def state(row: RowResult, standing: Standing) -> str:
    """Return the state of a cell's only row in words, with what comes next."""
    said, job, now = phase(row, standing), waiting(row), standing.now
    if job and job.began is not None and not standing.about.stable:
        asked = now - job.began
        said += f", for {words.duration(asked)} so far" if asked >= MINUTES else ""
    if cached := from_when(standing):
        return f"{said}, {cached}: {REFRESH}"
    left = next_look(row, now)
    what = "try" if trouble(row) else "look"
    return said if left is None else f"{said}, next {what} in {left} s"


def spoken(standing: Standing) -> str:
    """Return what is worth telling somebody who listens: not every look, and no clock."""
    rows = standing.rows
    if len(rows) != 1:
        return summary(standing) if standing.over else progress(standing)
    row, is_asked = rows[0], rows[0].state is State.SUBMITTED
    said = "asked" if is_asked else phase(row, standing) if row.state.ended else "waiting its turn"
    return f"{plain(row.row.title)} - {said}"


def line(standing: Standing, columns: int = 10**6) -> str:
    """Return it on one line, for a terminal that rewrites it and has so many columns."""
    said = summary(standing)
    if len(standing.rows) == 1:
        # How often it was looked at has no room there.
        stands = re.sub(r", looked (once|twice|\d+ times)", "", state(standing.rows[0], standing))
        tail = f" - {stands}"
        # What is asked is known; its state is what one looks for.
        room = max(12, min(60, columns - len(tail) - len("ctcount: ")))
        said = words.fit(plain(standing.rows[0].row.title), room) + tail
    return words.fit(f"ctcount: {said}", columns)


def phase(row: RowResult, standing: Standing) -> str:
    """Return the state of a row in words, without the time."""
    match row.state:
        case State.WAITING | State.SUBMITTED:
            return under_way(row)
        case State.SUCCESS:
            so_far = standing.so_far(row)
            found = f"done: {words.counted(row.count or 0, 'profile')}"
            return f"{found}{versus(row)}{f', {so_far}' if so_far else ''}"
        case State.NOT_YET:
            return "not yet: its days are not over"
        case _:
            return ended(row)


def ended(row: RowResult) -> str:
    """Return how a row ended that has no count: `failed: …`, `cancelled`."""
    why = plain(reason(row))
    return f"{row.state}: {why}" if why else str(row.state)


def trouble(row: RowResult) -> str:
    """Return in plain words why a row waits for more than its turn or its answer; or nothing."""
    job = waiting(row)
    why = plain(job.note) if job and job.note else ""
    code = re.match(r"HTTP (\d{3})", why)
    if code and code[1] in ("409", "429"):
        return "the service is busy"
    if code and code[1].startswith("5"):
        return f"the service has trouble, {why.partition(': ')[0]}"
    return re.sub(r"(?<=no connection to )https?://", "", why).removesuffix(", or it was lost")


def under_way(row: RowResult, *, short: bool = False) -> str:
    """Return where a row is that has not ended: `asked`, `counting, looked twice`.

    The `short` words have room in a column: why it waits, or where it is.
    """
    job, why = waiting(row), trouble(row)
    is_waiting = job is None or job.state is State.WAITING
    if short and (why or is_waiting or (job and job.polls)):
        return why.partition(": ")[0] or ("waiting" if is_waiting else "counting")
    if job is None or is_waiting:
        return why or "waiting its turn"
    looks = {0: "asked", 1: "counting, looked once", 2: "counting, looked twice"}
    said = looks.get(job.polls, f"counting, looked {job.polls} times")
    return f"{said} ({why})" if why else said


def versus(row: RowResult) -> str:
    """Return the count of the other period, and the change: `, +12 % from 394 before`."""
    if row.previous is None:
        return ""
    begin = "" if row.change is None else f"{words.change(row.change)} from "
    return f", {begin}{row.previous:,} before"


def difference(row: RowResult) -> str:
    """Return by how much a share differs from the other period's: `+3.1 points (-1.8 to +7.9)`."""
    if row.difference is None or row.difference_low is None or row.difference_high is None:
        return ""
    ends = words.points_between(row.difference_low, row.difference_high)
    return f"{words.points(row.difference)} ({ends})"


def of_step_before(row: RowResult, rows: Sequence[RowResult]) -> str:
    """Return `34 % of the step before` for a step whose step before is not the base."""
    within = row.row.within
    if within is None or within == row.row.base or row.row.after is not None or row.count is None:
        return ""
    # Own days leave out others in each step: shares of other days are not compared.
    is_alike = rows[within].row.start == row.row.start and rows[within].row.end == row.row.end
    before = rows[within].count if is_alike else None
    return f"{words.share(row.count / before)} of the step before" if before else ""


def next_look(row: RowResult, now: float) -> int | None:
    """Return the seconds until the next look or the next try; None where none is planned."""
    job = waiting(row)
    # What is due is being asked: no countdown from nothing.
    return None if job is None or job.due is None or job.due <= now else ceil(job.due - now)
