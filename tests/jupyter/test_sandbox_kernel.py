"""The sandbox inside a notebook's own kernel."""

from __future__ import annotations

from helpers.front_end import front_end

ENGINE = (
    "from datetime import UTC\nfrom ct_magic.sandbox.engine import Engine\nengine = Engine(UTC)"
)
SETTING = "engine._db.execute(\"SELECT current_setting('enable_progress_bar')\").fetchone()"


def test_its_database_leaves_no_bars_in_the_users_cell() -> None:
    """DuckDB shows some in a kernel for whatever takes two seconds, and they stay, black."""
    with front_end() as kernel:
        kernel.done("import duckdb\nplain = duckdb.connect()")
        assert kernel.value(SETTING.replace("engine._db", "plain")) == (True,), "it would here"
        kernel.done(ENGINE)
        assert kernel.value(SETTING) == (False,)
