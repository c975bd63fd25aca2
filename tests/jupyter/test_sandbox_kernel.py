"""The sandbox inside a notebook's own kernel."""

from __future__ import annotations

from helpers.front_end import FrontEnd

ENGINE = (
    "from datetime import UTC, date\nfrom ct_magic.sandbox.engine import Engine\n"
    "engine = Engine(UTC)\nengine.generate(1, 1, date(2026, 11, 23))"
)
SETTING = "engine._db.execute(\"SELECT current_setting('enable_progress_bar')\").fetchone()"


def test_its_database_leaves_no_bars_in_the_users_cell(kernel: FrontEnd) -> None:
    """DuckDB shows some in a kernel for whatever takes two seconds, and they stay, black."""
    kernel.done("import duckdb\nplain = duckdb.connect()")
    assert kernel.value(SETTING.replace("engine._db", "plain")) == (True,), "it would here"
    kernel.done(ENGINE)
    assert kernel.value(SETTING) == (False,)
