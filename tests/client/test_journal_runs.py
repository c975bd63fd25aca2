"""Kernels that share one journal: no number in a cell, `resume` or `history` is another's."""

from __future__ import annotations

from pathlib import Path

from helpers.journal_runs import Runs


def test_no_cell_bears_anothers_count(tmp_path: Path) -> None:
    """Refused, cut short, cancelled and killed; `python tests/journals.py 36` does more of it."""
    outcome = Runs(1, tmp_path).run(kernels=1, cells=6)
    assert outcome.wrong == []
    assert outcome.counts > 10
