"""The handle of a running count: `start` returns it, `--background` puts it in the variable."""

from __future__ import annotations

import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Event
from typing import TYPE_CHECKING, Any, NoReturn

from ct_magic import errors
from ct_magic.client.jobs import State
from ct_magic.common.threads import now, spawn, spawn_import
from ct_magic.common.words import plain
from ct_magic.panel.front_end import CommPump
from ct_magic.panel.panel import FINE
from ct_magic.planning.row_results import reason, shared_error
from ct_magic.rows import Record, row_name

if TYPE_CHECKING:
    from datetime import tzinfo

    import pandas as pd

    from ct_magic.client.jobs import Job
    from ct_magic.panel.panel import Panel
    from ct_magic.planning.row_results import RowResult, RowRun


# The worst comes first: it is raised where several things went wrong.
ERRORS: dict[State, type[errors.CountError]] = {
    State.FAILED: errors.CountFailedError,
    State.TIMED_OUT: errors.CountTimedOutError,
    State.CANCELLED: errors.CountCancelledError,
    State.INCONSISTENT: errors.CountFailedError,
}
_SHOWN = 3
_WORDS = {State.SUBMITTED: "asked", State.SUCCESS: "done"}  # the panel's
_LOOK = 0.05  # seconds between two looks of `await` at what other threads do
_broken: list[Exception] = []  # what an import of pandas failed with: the first says why


def frame_maker() -> Callable[..., pd.DataFrame]:
    """Return `results.frame.frame`; raise UsageError where pandas cannot be imported."""
    try:
        from ct_magic.results.frame import frame
    except Exception as error:  # a pandas that is broken raises what it likes
        _broken.append(error)
        raise errors.UsageError(
            f"pandas cannot be imported ({type(_broken[0]).__name__}: {_broken[0]}): what was "
            "counted is in the journal, run the cell again once it can be"
        ) from _broken[0]
    return frame


def _prepare_frame() -> None:
    # pandas takes a while to import; better while the service counts than after a click on Cancel.
    # Not beside the user's own code: who freezes time in mid-import crashes Python.
    with suppress(errors.UsageError):  # raised again when the frame is needed
        frame_maker()


class NoLengthError(errors.StillRunningError, TypeError):
    """A handle has no length: Python expects a TypeError there."""


class Stamp(Record):
    """What the `attrs` of a DataFrame hold: its account and its cell, for `%ct resume`.

    A frame with counts missing also has a digest, which shows whether it was changed since.
    """

    account: str
    cell: str | None = None

    def put_on(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the DataFrame with the stamp."""
        from ct_magic.results.frame import digest

        frame.attrs["account"] = self.account
        if self.cell is not None:
            frame.attrs["cell"] = self.cell
            if not set(frame["status"]) <= set(map(str, FINE)):
                frame.attrs["as_given"] = digest(frame)
        return frame

    def is_on(self, value: Any) -> bool:
        """Return True for the DataFrame that the cell gave, and nothing of which was changed."""
        from ct_magic.results.frame import digest, is_frame

        if not is_frame(value) or value.attrs.get("cell") != self.cell:
            return False
        return "as_given" in value.attrs and value.attrs["as_given"] == digest(value)


class Counting:
    """A running count, as `start` returns it: `result()` and `await` wait for its DataFrame.

    `done()` is True when it is over, `progress` is its state in words, `frame` the DataFrame so
    far; `cancel()` stops asking and keeps what has arrived. Using the handle as if it were the
    DataFrame raises a StillRunningError that names the way.
    """

    def __init__(
        self,
        run: RowRun,
        show: Callable[[], Panel],
        zone: tzinfo | None = None,
        stamp: Stamp | None = None,
        kernel: object = None,
    ) -> None:
        self._run, self._show, self._zone, self._kernel = run, show, zone, kernel
        self._stamp = stamp
        self._heard: Collection[str] | None = None
        self._seen = Event()
        self._waits: Coroutine[object, None, pd.DataFrame] | None = None

    def done(self) -> bool:
        """Return True when every count has arrived or failed, as a Future does."""
        return self._run.questions.done

    @property
    def frame(self) -> pd.DataFrame:
        """The DataFrame of what is there so far."""
        data = frame_maker()(self._run.plan, self._run.rows, self._zone)
        return self._stamp.put_on(data) if self._stamp else data

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The distinct counts behind its rows, as they are now."""
        return self._run.questions.jobs

    @property
    def progress(self) -> str:
        """Its state, in the panel's words: `2 done, 1 asked`."""
        tally = Counter(_WORDS.get(row.state, str(row.state)) for row in self._run.rows)
        return ", ".join(f"{n} {state}" for state, n in tally.items())

    def cancel(self) -> None:
        """Stop asking. The API has no call that stops the query itself."""
        self._run.cancel()

    def result(self, timeout: float | None = None) -> pd.DataFrame:
        """Wait for the DataFrame and return it.

        Raises StillRunningError after `timeout` seconds (None: never), and CountError where a
        count did not arrive; its `.frame` holds those that did. The panel's buttons work
        meanwhile; an interrupt ends the waiting, not the count.
        """
        end = float("inf") if timeout is None else now() + timeout
        with CommPump(self._kernel, self._heard) as pump:
            while not self._run.questions.wait(max(0.0, min(_SLICE, end - now()))):
                if now() >= end:
                    still = f"still counting: {self.progress}; result() waits for it"
                    raise errors.StillRunningError(still)
                pump()
        return outcome(self._run.rows, self.frame)

    def watched(self, *, plot: bool = False) -> pd.DataFrame:
        """Start it, show the panel, wait in the cell and return the DataFrame.

        The panel's buttons and interrupts work. With `plot` what arrived is drawn at the end, in
        every case. Raises what `result` raises, and CountInterrupt after an interrupt.
        """
        if "pandas" not in sys.modules:
            spawn_import(_prepare_frame, "ct_magic-frame")
        try:
            wait(self._run, self._show, self._kernel)
        except KeyboardInterrupt:
            raise errors.CountInterrupt(_what_happened(self._run.rows), self.frame) from None
        except BaseException as stopped:
            # Any other exception that ends the waiting is kept, and carries what had arrived.
            stopped.frame = self.frame  # type: ignore[attr-defined] # exceptions take attributes
            raise
        finally:
            if plot:
                from ct_magic.charts.plot import show_below

                show_below(self.frame)
        return self.result(0)

    def followed(self) -> Counting:
        """Start it, show the panel, which is kept up to date in a thread, and return at once."""
        panel = self._show()
        self._heard = panel.comm_ids
        self._run.questions.start()

        def work() -> None:
            try:
                follow(self._run, panel)
            finally:
                self._seen.set()

        if not spawn(work, "ct_magic-panel"):
            work()
        return self

    def when_done(self, then: Callable[[pd.DataFrame], None]) -> None:
        """Call `then` with the DataFrame once the panel has shown the end, in another thread."""

        def call() -> None:
            self._seen.wait()
            then(self.frame)

        if not spawn(call, "ct_magic-then"):
            call()

    def __repr__(self) -> str:
        return f"<{'done' if self.done() else 'counting'}: {self.progress}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a count under way cannot be copied or pickled: its .result() can")

    def __getattr__(self, name: str) -> NoReturn:
        raise errors.StillRunningError(self._instead(f".{name}"))

    def __getitem__(self, key: object) -> NoReturn:
        raise errors.StillRunningError(self._instead(f"[{key!r}]"))

    def __len__(self) -> NoReturn:
        raise NoLengthError(self._instead("length"))

    def __bool__(self) -> bool:
        return True

    # What makes a coroutine of it: `asyncio.create_task(handle)`, which takes nothing else.

    def send(self, value: None) -> object:
        """Go on, as a coroutine does: wait until the count is there."""
        return self._coroutine.send(value)

    def throw(self, *error: Any) -> object:
        """Raise this where the coroutine is."""
        return self._coroutine.throw(*error)

    def close(self) -> None:
        """Wait no longer, as a coroutine does; the count goes on."""
        self._coroutine.close()

    @property
    def _coroutine(self) -> Coroutine[object, None, pd.DataFrame]:
        self._waits = self._waits or self._arrival()
        return self._waits

    def __await__(self) -> Generator[object, None, pd.DataFrame]:
        """Wait for the DataFrame, as `result()` does, while other tasks go on."""
        return self._arrival().__await__()

    async def _arrival(self) -> pd.DataFrame:
        import asyncio

        while not self._run.questions.wait(0):
            await asyncio.sleep(_LOOK)
        return self.result(0)

    def _instead(self, name: str) -> str:
        if self.done():
            return f"no {name} here: this is the handle of a count; its .result() is the DataFrame"
        return f"no {name} yet, still counting: {self.progress}; .result() waits, .frame is so far"


def arrived(value: Any) -> Any:
    """Return the DataFrame of a handle, waited for, or of a variable that has become it.

    Raises CountError where a count did not arrive, whichever of the two it is.
    """
    if isinstance(value, Counting):
        return value.result()
    if "status" not in getattr(value, "columns", ()):
        kind = type(value).__name__
        raise errors.UsageError(f"expected a count or its DataFrame, got {kind}")
    fine = set(map(str, FINE))
    lost = sum(status not in fine for status in value["status"])
    if lost:
        message = f"{lost} of {len(value)} counts did not arrive: the column 'error' says why"
        raise errors.CountFailedError(message, value)
    return value


def outcome(rows: Sequence[RowResult], frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame if every count arrived; raise the error of the worst that happened."""
    for state, error in ERRORS.items():
        if any(row.state is state for row in rows):
            raise error(_what_happened(rows), frame)
    return frame


def _what_happened(rows: Sequence[RowResult]) -> str:
    lost = [row for row in rows if row.state not in FINE]
    if not lost:
        return "the count had arrived" if len(rows) == 1 else "the counts had arrived"
    if len(rows) == 1:
        why = f", {plain(lost[0].error)}" if lost[0].error else ""
        lines = [f"{plain(lost[0].row.title)}: {lost[0].state}{why}"]
    else:
        tally = Counter(str(row.state) for row in lost)
        states = ", ".join(f"{n} {state}" for state, n in tally.items())
        failed = [f"  {plain(row_name(r.row))}: {plain(reason(r))}" for r in lost if reason(r)]
        if shared := shared_error(lost):
            failed = [f"  {plain(shared)}"]
        elif len(failed) > _SHOWN:
            failed[_SHOWN:] = [f"  ... and {len(failed) - _SHOWN} more"]
        lines = [f"{len(lost)} of {len(rows)} counts did not arrive: {states}", *failed]
    left = (State.CANCELLED, State.TIMED_OUT)
    jobs = [job for row in lost for job in row.jobs if job.req_id is not None]
    if any(job.lost or job.state in left for job in jobs):
        lines.append("We stopped asking. Run the cell again: what was sent is fetched.")
    return "\n".join(lines)


# Waiting for a run: in the cell, where clicks and interrupts work, or in a thread beside it.

_SLICE = 0.1  # seconds; how late a click or an interrupt takes effect
_HELD = 2.0  # seconds for which a second interrupt waits for a panel
_LEAVE = 0.5  # seconds; a cancelled count is called cancelled where the machine is busy, too


def wait(run: RowRun, show: Callable[[], Panel], kernel: object = None) -> None:
    """Show the run, start it and block until it is over.

    The first interrupt cancels the run, and KeyboardInterrupt is raised once it is over. A second
    one, or any other exception (an alarm, a deadline, SystemExit), is raised as soon as no panel is
    half made or half closed.
    """
    with _interrupts() as heard:
        panel = show()
        try:
            run.questions.start()
            _watch(run, panel, kernel, heard)
        except BaseException:
            _leave(run, panel)
            raise
        panel.close()
    if heard.times:
        raise KeyboardInterrupt


class _Interrupts:
    """Counts interrupts. The second one is raised, but not while it is held.

    It is held while a panel is made or closed: half a panel would stay in memory and in the page.
    After `_HELD` seconds it is raised in any case.
    """

    def __init__(self) -> None:
        self.times = 0
        self._held: float | None = now()

    def hear(self, _number: int, _frame: object) -> None:
        # The first is only counted: it may come while this thread holds locks of the run.
        self.times += 1
        if self.times > 1 and (self._held is None or now() - self._held > _HELD):
            self.hold()
            raise KeyboardInterrupt

    def hold(self) -> None:
        self._held = now()

    def release(self) -> None:
        if self.times > 1:
            raise KeyboardInterrupt
        self._held = None


def _watch(run: RowRun, panel: Panel, kernel: object, heard: _Interrupts) -> None:
    with CommPump(kernel, panel.comm_ids) as pump:
        if panel.comm_ids is not None and not pump.ok and _is_main():
            panel.disable_buttons()
        while True:
            heard.release()
            is_over = run.questions.wait(_SLICE)
            heard.hold()
            if is_over:
                return
            pump()
            if heard.times:
                run.cancel()
            panel.refresh()


def _leave(run: RowRun, panel: Panel) -> None:
    # In a thread, so that it ends even if cancelling hangs. Mostly it takes no time.
    def cancel() -> None:
        panel.move_here()
        run.cancel()
        follow(run, panel)

    if spawn(cancel, "ct_magic-cancel"):
        run.questions.wait(_LEAVE)
    else:
        cancel()


def follow(run: RowRun, panel: Panel) -> None:
    """Keep the panel true until the run is over; for a thread beside the cell."""
    while not run.questions.wait(_SLICE):
        panel.refresh()
    panel.close()


@contextmanager
def _interrupts() -> Iterator[_Interrupts]:
    # A generator, which restores the handler even where an interrupt falls into its end.
    heard = _Interrupts()
    # Only the main thread can be interrupted; and a handler other than Python's own was set on
    # purpose: by a shell for a background job, or by a host that embeds Python.
    is_ours = _is_main() and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    try:
        if is_ours:
            signal.signal(signal.SIGINT, heard.hear)
    except ValueError:
        # In some hosts another thread was the first to import `threading`, and counts as main.
        is_ours = False
    try:
        yield heard
    finally:
        if is_ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _is_main() -> bool:
    return threading.current_thread() is threading.main_thread()
