"""How many at once the service takes: learned from what it accepts and what it refuses."""

from __future__ import annotations

PATIENCE = 64  # accepted requests at the most before a limit is tried one higher again


class Limit:
    """How many at once: fewer when the service objects, one more after it has been content.

    Each objection doubles how long it must be content before the next try, so that a limit which
    is there to stay costs few requests; each try that it accepts halves it again.
    """

    def __init__(self, start: int, highest: int | None = None) -> None:
        self.now, self._highest = start, highest
        self._content, self._patience, self._raised = 0, 1, False

    def busy(self, others: int) -> None:
        """Take an objection that came while so many others were accepted."""
        self.now = max(1, min(self.now, others))
        self._content, self._patience, self._raised = 0, min(2 * self._patience, PATIENCE), False

    def accepted(self, at_once: int) -> None:
        """Take an acceptance that came while so many were there, this one included."""
        if at_once < self.now:
            return
        if self._raised:
            self._patience, self._raised = max(1, self._patience // 2), False
        self._content += 1
        if self._content >= self._patience and (self._highest is None or self.now < self._highest):
            self.now, self._content, self._raised = self.now + 1, 0, True
