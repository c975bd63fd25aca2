"""What a command of `%ct` gets: its arguments, the settings, and the names of the calling code."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import UsageError
from ..settings import Settings
from .caller import Caller


@dataclass(frozen=True, slots=True)
class Invocation:
    """A command as it was typed: `text` is what stands behind its name, and in its cell."""

    command: str
    text: str
    settings: Settings
    caller: Caller

    def one_word(self, expected: str, default: str) -> str:
        """Return the only argument, or the default; raise UsageError for several."""
        words = self.text.split()
        if len(words) > 1:
            raise UsageError(f"'%ct {self.command}' takes {expected}, not {self.text.strip()!r}")
        return words[0] if words else default

    def refuse_arguments(self) -> None:
        """Raise UsageError where anything stands behind the command."""
        if self.text.strip():
            raise UsageError(f"'%ct {self.command}' takes nothing more, not {self.text.strip()!r}")


def say(text: str) -> None:
    """Print the answer of a command."""
    print(text)  # noqa: T201 # a command answers in the cell's output
