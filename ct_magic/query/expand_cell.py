"""A cell -> its rows over distinct single counts, or the refusal of a cell that is too large."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import mul

from ..errors import QueryError
from .alternatives import MOST_IN_A_SUM, Sum
from .clause_error import ClauseError
from .distinct import key
from .expand import ExpandedRow, how_many, rows_of
from .model import JsonQuery, Query

MOST_COUNTS = 500
MOST_ROWS = 10_000
_TOO_MANY = "take a shorter period, larger pieces or fewer values"


class StatementError(QueryError):
    """What is wrong with a statement of a cell: its place there, from 0.

    `keyword` is the type of the token with which the clause at fault begins, where it is known.
    """

    def __init__(self, message: str, statement: int, keyword: str | None = None) -> None:
        super().__init__(message)
        self.statement, self.keyword = statement, keyword


class TooLargeError(StatementError):
    """A cell of too many rows or counts: how many, in words, and how many there may be."""

    def __init__(self, size: str, limit: int, statement: int, cure: str = "") -> None:
        verb = "have" if size.endswith("rows") else "ask"
        message = f"this cell would {verb} {size}, and the limit is {limit:,}: {_TOO_MANY}{cure}"
        super().__init__(message, statement, "BY")
        self.size, self.limit = size, limit


@dataclass(frozen=True, slots=True)
class Numbers:
    """A sum of single counts, by their places among the cell's distinct counts."""

    plus: tuple[int, ...]
    minus: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CellRow:
    """A row of a cell: of which statement, and its counts and the other period's by number."""

    statement: int
    row: ExpandedRow
    own: Numbers | None
    other: Numbers | None

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of all counts that it is made of or compared with."""
        return tuple(n for part in (self.own, self.other) if part for n in part.plus + part.minus)


@dataclass(frozen=True, slots=True)
class Expansion:
    """A cell's rows, and its distinct single counts in the order in which the rows need them."""

    rows: tuple[CellRow, ...]
    counts: tuple[Query | JsonQuery, ...]
    keys: tuple[str, ...]


def expand(
    statements: Sequence[Query | JsonQuery], today: date, max_counts: int | None = MOST_COUNTS
) -> Expansion:
    """Return the rows of a cell; StatementError tells what is wrong with which statement.

    Raises TooLargeError above 10,000 rows, and above `max_counts` distinct counts; None: any.
    """
    sizes = [_size(number, query, today) for number, query in enumerate(statements)]
    largest = max(range(len(sizes)), key=sizes.__getitem__, default=0)
    if sum(sizes) > MOST_ROWS:
        raise TooLargeError(f"{sum(sizes):,} rows", MOST_ROWS, largest)
    left = sum(map(mul, sizes, map(_most_counts, statements)))  # counts that may still come
    distinct, rows = _Distinct(), []
    for number, query in enumerate(statements):
        for row in _rows(number, query, today):
            own, other = distinct.numbers(row.total), distinct.numbers(_other(row))
            rows.append(CellRow(number, row, own, other))
            left -= _most_counts(query)
            # Rows that are refused in any case need not be made.
            if max_counts is not None and len(distinct.counts) > max_counts:
                raise _too_many(len(distinct.counts), left, max_counts, largest)
    return Expansion(tuple(rows), tuple(distinct.counts), tuple(distinct.places))


def _too_many(counts: int, left: int, limit: int, statement: int) -> TooLargeError:
    most = counts + left
    cure = f", or raise it: %config CountMagics.max_counts = {most}, count(..., max_counts={most})"
    return TooLargeError(f"{'up to ' if left else ''}{most:,} counts", limit, statement, cure)


def rows_in(statements: Sequence[Query | JsonQuery], today: date) -> int:
    """Return how many rows a cell has, in no time however many they are."""
    return sum(_size(number, query, today) for number, query in enumerate(statements))


@dataclass(slots=True)
class _Distinct:
    """The distinct counts seen so far, numbered in the order in which they come."""

    counts: list[Query | JsonQuery] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)

    def numbers(self, total: Sum | None) -> Numbers | None:
        if total is None:
            return None
        plus = tuple(map(self._number, total.plus))
        return Numbers(plus, tuple(map(self._number, total.minus)))

    def _number(self, count: Query | JsonQuery) -> int:
        number = self.places.setdefault(key(count), len(self.counts))
        if number == len(self.counts):
            self.counts.append(count)
        return number


def _other(row: ExpandedRow) -> Sum | None:
    return row.previous.total if row.previous else None


def _size(number: int, query: Query | JsonQuery, today: date) -> int:
    try:
        return how_many(query, today)
    except QueryError as error:
        raise StatementError(error.message, number) from None


def _most_counts(query: Query | JsonQuery) -> int:
    """Return how many counts one row of a statement needs at the most."""
    if isinstance(query, JsonQuery):
        return 1
    return (1 if query.condition is None else MOST_IN_A_SUM) * (1 if query.versus is None else 2)


def _rows(number: int, query: Query | JsonQuery, today: date) -> Iterator[ExpandedRow]:
    try:
        yield from rows_of(query, today)
    except QueryError as error:
        keyword = error.keyword if isinstance(error, ClauseError) else None
        raise StatementError(error.message, number, keyword) from None
