"""`client/API.md` says what the code does: its tables are tried, line by line."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from helpers.pages import ROOT
from helpers.plans import question

from ct_magic.client.accounts import REGIONS
from ct_magic.client.jobs import (
    Answer,
    Busy,
    Cause,
    Denied,
    Failure,
    Forgotten,
    Job,
    NotYet,
    Partial,
    Shared,
    State,
    Success,
    Tally,
    Timing,
    Trouble,
)
from ct_magic.client.responses import read
from ct_magic.client.scheduler import Schedule
from ct_magic.common.system_events import SYSTEM_EVENTS

PAGE = (ROOT / "ct_magic/client/API.md").read_text(encoding="utf-8")


def lines(name: str) -> list[list[str]]:
    """The cells of the table behind the comment with this name."""
    match = re.search(rf"<!-- {name} -->\n\n.*\n.*\n((?:\|.*\n)+)", PAGE)
    assert match is not None
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in match[1].splitlines()]


@pytest.mark.parametrize(("code", "words", "submission", "look"), lines("answers"))
def test_an_answer_is_taken_for_what_the_page_says(
    code: str, words: str, submission: str, look: str
) -> None:
    """Under its HTTP status, and where it is a failure under HTTP 200 as well."""
    if words.startswith("`"):
        answers = [(int(code), words.strip("`"))]
    else:
        body = json.dumps({"status": "fail", "error": words, "code": int(code)})
        answers = [(200, body), (int(code), body)] if code not in ("2", "4002") else [(200, body)]
    for status, body in answers:
        assert type(read(status, body.encode())).__name__ == submission
        assert type(read(status, body.encode(), req_id="7")).__name__ == look


ANSWERS: dict[str, Answer] = {
    "Success": Success(Tally(1)),
    "Partial": Partial("7"),
    "NotYet": NotYet(),
    "Busy": Busy("HTTP 429"),
    "Trouble, no connection": Trouble("no connection"),
    "Trouble, a page": Trouble("a page", cause=Cause.FOREIGN),
    "Trouble, a failed look": Trouble("Query failed", cause=Cause.REFUSED),
    "Forgotten, id of seconds": Forgotten("Invalid request id"),
    "Forgotten, old id": Forgotten("Invalid request id"),
    "Forgotten, second id": Forgotten("Invalid request id"),
    "Failure": Failure("HTTP 400"),
    "Denied": Denied("HTTP 401"),
}


def after(answer: str, held: bool) -> tuple[Job, Job, list[State], float]:
    """Give a count this answer until it is over or much else; another one beside it is fine.

    Return both, the states of the first after each answer, and how long it waits after the first.
    """
    first = Job(0, question("a"))
    if held:
        first = replace(first, state=State.SUBMITTED, req_id="7", again="second id" in answer)
    # What has been given just now is young; what the journal knew is old.
    schedule = Schedule([first, Job(1, question("b"))], Timing(), 0.0, lambda: 0.0)
    if held and "old" not in answer:
        schedule._jobs[0] = replace(schedule.jobs[0], given=0.0)
    now, states, wait, times = 0.0, list[State](), 0.0, 0
    while times < 40 and not schedule.jobs[0].state.ended:
        step = schedule.next(now)
        if not isinstance(step, Job):
            now = step
            continue
        if step.number == 1:
            # Beside one that is pending, what is refused may be one pending query too many.
            schedule.answered(1, Success(Tally(1)) if answer == "Busy" else Partial("other"), now)
            continue
        if held and schedule.jobs[0].state is State.WAITING:
            break
        times += 1
        schedule.answered(0, ANSWERS[answer], now)
        if not schedule.done and answer != "Busy":
            schedule.answered(1, Partial("other"), now)  # the service answers others
        states.append(schedule.jobs[0].state)
        wait = wait or (schedule.jobs[0].due or now) - now
    return schedule.jobs[0], schedule.jobs[1], states, wait


CELLS = [
    (answer, held, said)
    for answer, *both in lines("states")
    for held, said in zip((False, True), both, strict=True)
    if said and answer in ANSWERS
]


@pytest.mark.parametrize(("answer", "held", "said"), CELLS)
def test_a_state_moves_on_as_the_page_says(answer: str, held: bool, said: str) -> None:
    """Into which state, after how many tries, whether the id is kept, and when it is looked at."""
    job, other, states, wait = after(answer, held)
    tries = re.match(r"again, (\d) times", said)
    ends = said.rpartition("; then ")[2]
    for state in (State.SUCCESS, State.FAILED):
        if re.match(rf"{state}\b", ends):
            assert job.state is state
            assert len(states) == (int(tries[1]) if tries else 1)
    if ends.startswith("waiting") and held:
        assert job.state is State.WAITING
        assert len(states) == (int(tries[1]) if tries else 1)
    if ends.startswith("submitted"):
        assert states[0] is State.SUBMITTED
        seconds = re.search(r"in (\d+) s", said)
        assert seconds is not None
        assert wait == float(seconds[1])
    if "however often" in said:
        assert len(states) == 40
        assert not job.state.ended
    assert bool(job.req_id) == held or "id kept" not in said
    assert (other.state is State.FAILED) == ("all others" in said)


@pytest.mark.parametrize(
    ("stop", "words"), [("cancel", State.CANCELLED), ("deadline", "timed out")]
)
def test_what_is_stopped_keeps_its_id(stop: str, words: str) -> None:
    """And is said so."""
    said = next(cells for name, *cells in lines("states") if name == stop)
    assert said == [words, f"{words}, id kept"]
    held = Job(0, question("a"), State.SUBMITTED, req_id="7")
    schedule = Schedule([held], Timing(timeout=1.0), 0.0, lambda: 0.0)
    (job,) = schedule.cancel(None, 0.5) if stop == "cancel" else schedule.expire(2.0)
    assert (job.state, job.req_id) == (words, "7")


@pytest.mark.parametrize("held", [False, True])
def test_a_shared_id_is_given_up_as_the_page_says(held: bool) -> None:
    """Three times, and then no number is taken."""
    said = next(cells for name, *cells in lines("states") if name == "Shared")
    assert said == ["waiting, 3 times; then failed"] * 2
    first = Job(0, question("a"))
    first = replace(first, state=State.SUBMITTED, req_id="7") if held else first
    schedule = Schedule([first], Timing(), 0.0, lambda: 0.0)
    schedule._owners["7"] = -1
    now, states = 0.0, list[State]()
    while not schedule.done:
        step = schedule.next(now)
        if not isinstance(step, Job):
            now = step
            continue
        assert schedule.believed(0, Partial("7")) == Shared("7")
        schedule.answered(0, Partial("7"), now)
        states.append(schedule.jobs[0].state)
    assert states == [State.WAITING, State.WAITING, State.FAILED]


def test_the_page_names_every_region_and_every_event_of_the_system() -> None:
    """And no other."""
    hosts = dict(re.findall(r"^\| `(\w+)` \| `([\w.]+clevertap.com)` \|", PAGE, re.MULTILINE))
    assert hosts == REGIONS
    assert all(f"`{event}`" in PAGE for event in SYSTEM_EVENTS)
