"""An error about a clause whose place only the parser knows."""

from __future__ import annotations

from ct_magic.errors import QueryError


class ClauseError(QueryError):
    """What is wrong with one clause of a statement; `keyword` is the type of its first token."""

    def __init__(self, message: str, keyword: str) -> None:
        super().__init__(message)
        self.keyword = keyword
