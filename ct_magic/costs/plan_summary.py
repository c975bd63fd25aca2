"""What a cell would ask and what it costs, as a value that prints itself: `--plan`."""

from __future__ import annotations

from dataclasses import dataclass

from .estimate import Estimate


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """What a cell would ask, before anything is sent.

    `rows` are the DataFrame's; `counts` the distinct counts behind them, of which `known` are in
    the journal, `pending` are fetched under an id that the service still knows, and `to_send` are
    submitted; `seconds` is how long that may take. `not_yet` rows are not asked, since their days
    are not over. Where a cell is refused for its size, `refused` says so, and `counts` are None
    where they were not even looked at. `notes` are sentences on the whole cell.
    """

    rows: int
    counts: int | None
    known: int = 0
    pending: int = 0
    to_send: int = 0
    not_yet: int = 0
    seconds: Estimate | None = None
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    refused: str | None = None

    def __str__(self) -> str:
        """Return at most five lines, then one for each doubt."""
        lines = [self._rows(), self._counts(), self._time(), self.refused, "; ".join(self.notes)]
        doubts = (f"doubt: {doubt}" for doubt in self.doubts)
        return "\n".join([*filter(None, lines), *doubts])

    def _repr_pretty_(self, printer: object, cycle: bool) -> None:
        # IPython shows the text, not the fields.
        printer.text("…" if cycle else str(self))  # type: ignore[attr-defined] # IPython's own

    def _rows(self) -> str:
        waiting = f", {self.not_yet:,} of them not yet" if self.not_yet else ""
        return f"{_number(self.rows, 'row')}{waiting}"

    def _counts(self) -> str | None:
        if self.counts is None:
            return None
        parts = [
            f"{self.known:,} known from the journal" if self.known else None,
            f"{self.pending:,} still pending" if self.pending else None,
            f"{self.to_send:,} to be sent",
        ]
        return f"{_number(self.counts, 'distinct count')}: {', '.join(filter(None, parts))}"

    def _time(self) -> str | None:
        if self.seconds is None or self.refused:
            return None
        if not self.to_send and not self.pending:
            return "answered at once"
        known = ", as the account's first cell" if self.seconds.is_guess else ""
        return f"may take {self.seconds}{known}"


def _number(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"
