"""Five hundred counts through a storm of faults: none is wrong, none is lost."""

from __future__ import annotations

from pathlib import Path

from helpers.storm import FAULTS, weather


def test_no_count_is_wrong_and_none_is_lost(tmp_path: Path) -> None:
    """At 15 % of all requests, fifty kinds of fault; a count is its own query's, or it is late.

    `python tests/chaos.py` asks 20,000.
    """
    outcome = weather(500, seed=20261125, share=0.15, journal=tmp_path / "journal.sqlite")
    assert outcome.wrong == []
    assert [job.error for job in outcome.lost] == []
    assert set(outcome.storm.met) == set(FAULTS), "the storm was too mild to prove anything"
