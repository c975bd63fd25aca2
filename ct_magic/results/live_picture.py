"""A picture below the panel of a cell, which grows with what arrives: what `--plot` shows."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from ..errors import CtMagicError

if TYPE_CHECKING:
    import pandas as pd

    from ..waiting import Watched
    from .plot import Picture

TICK = 2.0  # seconds between two pictures: each is drawn whole
_log = logging.getLogger(__name__)


class LivePicture:
    """A panel with a picture below it: grey while counts are missing, in colour at the end.

    The end is drawn however it came: what did not arrive is left out, and said. Whatever becomes of
    the picture, the counts arrive.
    """

    def __init__(
        self,
        panel: Watched,
        frame: Callable[[], pd.DataFrame],
        *,
        is_live: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._panel, self._frame, self._clock = panel, frame, clock
        self._is_live, self._drawn = is_live, clock()
        self._there = 0
        self._handle: Any = None

    @property
    def comm_ids(self) -> Collection[str]:
        """The panel's widgets, whose clicks must be heard."""
        return self._panel.comm_ids

    def say_deaf(self) -> None:
        """Announce in the panel that clicks have no effect here."""
        self._panel.say_deaf()

    def refresh(self) -> None:
        """Show what has changed, if it is time."""
        self._panel.refresh()
        if self._is_live and self._clock() - self._drawn >= TICK:
            self._drawn = self._clock()
            self._draw_so_far()

    def close(self) -> None:
        """Show how it ended."""
        self._panel.close()
        try:
            picture = _plot(self._frame(), complete=True)
            self._show(picture)
            if self._is_live and (lacks := picture.lacks):
                print(lacks)  # noqa: T201 # JupyterLab draws, but an export will have no picture
        except CtMagicError as error:
            print(f"no picture: {error}")  # noqa: T201 # the cell asked for one, and shows this instead
        except Exception:
            _log.warning("ct_magic: the picture was lost; the counts are there", exc_info=True)

    def _draw_so_far(self) -> None:
        try:
            frame = self._frame()
            there = int(frame["count"].notna().sum())
            if there > self._there:
                self._there = there
                self._show(_plot(frame, complete=False))
        except Exception:
            _log.debug("ct_magic: a picture of what was there is left out", exc_info=True)
            self._is_live = False

    def _show(self, picture: Picture) -> None:
        from IPython.display import display

        if self._handle is None:
            self._handle = display(picture, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(picture)


def _plot(frame: pd.DataFrame, *, complete: bool) -> Picture:
    from .plot import plot

    return plot(frame, complete=complete)
