"""A job: one count, the closed list of its states, and the answers that move it on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from ct_magic.rows import Question, Record

# How the error of a count begins that was left when another's ended the run.
NOT_SENT, NOT_AGAIN = "not sent: ", "not asked again: "
# Of one that was stopped: before its count arrived, or before its query was sent.
STOPPED = ("stopped before it arrived", "stopped before it was sent")
TOO_LATE = ("the deadline came first", "the deadline came before it was sent")
BY_A_CACHE = "answered by a cache:"  # no answer to this request: it was given before


class State(StrEnum):
    """The state of a job; the value is the word that `status` shows in a DataFrame.

    Of the states of its counts a row has the first.
    """

    SUBMITTED = "submitted"
    WAITING = "waiting"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    CANCELLED = "cancelled"
    INCONSISTENT = "inconsistent"  # of a row: counts of different moments
    NOT_YET = "not yet"  # of a row that is not asked
    SUCCESS = "success"

    @property
    def ended(self) -> bool:
        """True for a state that no answer can change any more."""
        return self not in (State.WAITING, State.SUBMITTED)


class Tally(Record):
    """What a success carries: profiles, and where the service says so, what is behind them."""

    count: int
    events: int | None = None
    users: int | None = None
    devices: int | None = None


class Success(Record):
    """The count is there. `at` is when the service sent it, by its own clock (UTC).

    `req_id` is the id that it names where it answers a submission, whose id is not known yet.
    """

    tally: Tally
    at: datetime | None = field(default=None, compare=False)
    req_id: str | None = None


class Partial(Record):
    """Not finished: look again under this id. An id is text, however many digits it has.

    `at` is when the service sent it, by its own clock (UTC).
    """

    req_id: str
    at: datetime | None = field(default=None, compare=False)


class NotYet(Record):
    """HTTP 202, code 2 or "still in progress": the same request again, later. Not a failure."""


class Busy(Record):
    """HTTP 429 or 409: too many at once. `retry_after` is in seconds, where the service says."""

    error: str
    retry_after: float | None = None


class Cause(StrEnum):
    """Why a request brought no answer of the API."""

    SILENCE = "silence"  # no connection, or nothing came in time
    UNAVAILABLE = "unavailable"  # the service's own trouble: 502, 503, 504 and the like
    INTERNAL = "internal"  # HTTP 500: the service's trouble, or a query that it cannot read
    FOREIGN = "foreign"  # a page, a redirection, a cut body: something else answered
    REFUSED = "refused"  # the API fails a look, and says nothing of the query: it may pass


class Trouble(Record):
    """No answer of the API: the same request again, a bounded number of times; ids are kept."""

    error: str
    retry_after: float | None = None
    cause: Cause = field(default=Cause.SILENCE, compare=False)


class Forgotten(Record):
    """`Invalid request id`: the service no longer knows it; only a new submission helps."""

    error: str


class Denied(Record):
    """Wrong id, passcode or region: final for everything this account would ask."""

    error: str


class Failure(Record):
    """Final for this count: the query is refused, or what came is not an answer."""

    error: str


class Shared(Record):
    """An id that two queries got: nobody's. Both are sent again, and its count is withdrawn."""

    req_id: str


Answer = Success | Partial | NotYet | Busy | Trouble | Forgotten | Denied | Failure | Shared


class Job(Record):
    """One count on its way. Frozen: every step makes a new one with `dataclasses.replace`.

    `number` is its question's place in the plan, from 0. `due`, `began` and `ended` are readings of
    the run's clock in seconds: when the next request may go, when the first went, when it ended.
    `polls` counts the polls answered; `tries` the requests in a row that brought no news; `pages`
    the submissions in a row that something else than the API answered; `note` says in words why it
    waits, where there is more to say than its state. `given` is when its id came, by the run's
    clock, `forgets` how often in a row the service did not know that id yet, and `shared` how often
    another query got the same one. `again` is true once it was submitted anew because the service
    had forgotten its id. `taken` is set when the count was not asked for now but taken from the
    journal: the moment it was counted (UTC). `counted` is that moment for every count, and `sent`
    when its id was given, by the service's clock where it is known (UTC). `lost` is true where it
    failed because nothing more was heard of an id that the service still knows.
    """

    number: int
    question: Question
    state: State = State.WAITING
    req_id: str | None = None
    polls: int = 0
    tries: int = 0
    pages: int = 0
    given: float | None = None
    forgets: int = 0
    shared: int = 0
    due: float | None = None
    began: float | None = None
    ended: float | None = None
    tally: Tally | None = None
    error: str | None = None
    note: str | None = None
    again: bool = False
    taken: datetime | None = None
    sent: datetime | None = None
    counted: datetime | None = None
    lost: bool = False


def jobs_of(questions: Iterable[Question]) -> list[Job]:
    """Return a job for each question, in their order, none of them asked yet."""
    return [Job(number, question) for number, question in enumerate(questions)]


class Timing(Record):
    """How fast to go; all times in seconds.

    `poll_interval` lies between two looks at the same count (30, as the API's page asks), and
    `first_look`, or `poll_interval` where that is less, between its submission and the first.
    `max_concurrent` requests are under way at once at the most (3, as the page says).
    `retry_wait` comes before the first retry, growing after it; a request is tried `max_tries`
    times in a row at the most, and a service that answers nothing is given up `give_up_after`.
    After `timeout` whatever is missing has timed out, and so it has where no count has moved on
    for `stalled_after`, however often the service answered meanwhile.
    """

    poll_interval: float = 30.0
    first_look: float = 5.0
    max_concurrent: int = 3
    retry_wait: float = 1.0
    max_tries: int = 8
    give_up_after: float = 180.0
    stalled_after: float = 3600.0
    timeout: float | None = None
