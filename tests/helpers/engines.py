"""The sandbox's engine over its own data, as many profiles as a test needs, closed behind it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, tzinfo

from ct_magic.sandbox.engine import Engine

from .shell import TODAY


@contextmanager
def generated(
    profiles: int, seed: int = 1, *, zone: tzinfo = UTC, lenient: bool = False
) -> Iterator[Engine]:
    """An engine that holds the sandbox's own data."""
    engine = Engine(zone, lenient=lenient)
    engine.generate(profiles, seed, TODAY)
    try:
        yield engine
    finally:
        engine.close()
