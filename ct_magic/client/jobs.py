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
    """The state of a job, as `status` shows it; a row has the first of its counts' states."""

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
    """The count is there. `at` is when it was sent, by the service's clock (UTC)."""

    tally: Tally
    at: datetime | None = field(default=None, compare=False)
    req_id: str | None = None  # that it names where it answers a submission


class Partial(Record):
    """Not finished: look again under this id, which is text. `at` is as in Success."""

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
    """An id that two queries got. Both are sent again, and its count is withdrawn."""

    req_id: str


Answer = Success | Partial | NotYet | Busy | Trouble | Forgotten | Denied | Failure | Shared


class Job(Record):
    """One count on its way. Frozen: every step makes a new one with `rows.replace`."""

    number: int  # its question's place in the plan, from 0
    question: Question
    state: State = State.WAITING
    req_id: str | None = None
    polls: int = 0  # that were answered
    tries: int = 0  # requests in a row that brought no news
    pages: int = 0  # submissions in a row that something else than the API answered
    given: float | None = None  # when its id came, by the run's clock, as the other seconds
    forgets: int = 0  # how often in a row the service did not know that id yet
    shared: int = 0  # how often another query got the same one
    due: float | None = None  # when the next request may go
    began: float | None = None  # when the first one went
    ended: float | None = None
    tally: Tally | None = None
    error: str | None = None
    note: str | None = None  # why it waits, where there is more to say than its state
    again: bool = False  # submitted anew, since the service had forgotten its id
    taken: datetime | None = None  # of a count from the journal: when it was counted (UTC)
    sent: datetime | None = None  # when its id was given (UTC), by the service's clock if known
    counted: datetime | None = None  # when it was counted (UTC)
    refused: bool = False  # failed since its query was refused, not lost on the way: final
    lost: bool = False  # failed since no more was heard of an id that the service still knows


def jobs_of(questions: Iterable[Question]) -> list[Job]:
    """Return a job for each question, in their order, none of them asked yet."""
    return [Job(number, question) for number, question in enumerate(questions)]


class Timing(Record):
    """How fast to go; all times in seconds."""

    poll_interval: float = 30.0  # between two looks at the same count, as the API's page asks
    first_look: float = 5.0  # from the submission to the first look; or `poll_interval`, if less
    max_concurrent: int = 3  # requests under way at once, as the page says
    retry_wait: float = 1.0  # before the first retry, growing after it
    max_tries: int = 8  # of a request, in a row
    give_up_after: float = 180.0  # until a service that answers nothing is given up
    stalled_after: float = 3600.0  # without a count that moves on, until the rest has timed out
    timeout: float | None = None  # until the rest has timed out, whatever comes
