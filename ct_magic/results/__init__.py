"""What came, as pandas: the DataFrame, shares, changes, comparisons, tables."""

import datetime
import sys


def _import_pandas() -> None:
    """Import pandas, which would crash where a test has replaced the classes of dates."""
    if "pandas" in sys.modules:
        return
    classes = {name: getattr(datetime, name) for name in ("date", "datetime")}
    try:
        for name, kind in classes.items():
            real = next(base for base in kind.__mro__ if base.__module__ == "datetime")
            setattr(datetime, name, real)
        import pandas  # noqa: F401 # importing is what it is for
    finally:
        for name, kind in classes.items():
            setattr(datetime, name, kind)


_import_pandas()  # before any module here does
