"""Counts: one, ninety, ten thousand; against a loop of requests, and the best that can be."""

from __future__ import annotations

from collections.abc import Iterator

from timing import Row, filled, fresh, quick_server, served

WARM = """
import json, resource, time
import by_hand, ct_magic, pandas
body = {"event_name": "App Launched", "from": 20261001, "to": 20261031}
ask = lambda text, **more: ct_magic.count(
    text, progress="none", refresh=True, max_counts=100_000, **more)
ask("App Launched 2026-10", poll_interval=$wait)
begun, used = time.perf_counter(), time.process_time()
$code
print(json.dumps({
    "s": time.perf_counter() - begun, "cpu": time.process_time() - used,
    "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""
ONE = 'ask("App Launched 2026-10", poll_interval=$wait)'
ONE_BY_HAND = 'by_hand.count("$address", body, $wait)'
MANY = 'ask("App Launched 2026-08-01..2026-10-29 by day", poll_interval=$wait)'
MANY_BY_HAND = """
for day in pandas.date_range("2026-08-01", "2026-10-29"):
    number = int(day.strftime("%Y%m%d"))
    by_hand.count("$address", body | {"from": number, "to": number}, $wait)
"""
N = 'ask("App Launched " + "1999-01-01..$end by day", max_concurrent=3)'
N_BY_HAND = """
for number in range($n):
    by_hand.count("$address", body, 1)
"""
WAIT = 0.3  # seconds between two looks, in place of the service's 30


def rows() -> Iterator[Row]:
    """One count at once, one that polls, ninety in a cell, and what each of many costs."""
    with served("--profiles", "300", "--latency", "0") as address:
        at_once = _both("one count, answered at once", ONE, ONE_BY_HAND, 9, address=address, wait=1)
    yield at_once
    with served("--profiles", "300", "--latency", "0.5") as address:
        values = {"address": address, "wait": WAIT}
        yield _both("one count that is polled", ONE, ONE_BY_HAND, 5, **values)
        ninety = _both("90 counts of a cell", MANY, MANY_BY_HAND, 1, **values)
    yield ninety
    # Each count is ready before its second look, and no look comes sooner than the interval.
    yield Row("90 counts of a cell", ninety.own, at_once.other + 2 * WAIT, "the waiting alone")
    yield from _steepness()


def _both(label: str, code: str, code_by_hand: str, times: int, **values: object) -> Row:
    took = fresh(filled(WARM, code=code, **values), times=times, **values)["s"]
    took_by_hand = fresh(filled(WARM, code=code_by_hand, **values), times=times, **values)["s"]
    return Row(label, took, took_by_hand, "15 lines of requests")


def _steepness() -> Iterator[Row]:
    with quick_server() as address:
        for n, end in ((10, "1999-01-10"), (100, "1999-04-10"), (1000, "2001-09-26")):
            yield from _each(n, end, address)
        yield from _each(10_000, "2026-05-18", address)


def _each(n: int, end: str, address: str) -> Iterator[Row]:
    values = {"address": address, "wait": 1, "n": n, "end": end}
    own = fresh(filled(WARM, code=N, **values), **values)
    by_hand = fresh(filled(WARM, code=N_BY_HAND, **values), **values)
    hand = "15 lines of requests"
    yield Row(f"each of {n:,} counts, time", own["s"] / n, by_hand["s"] / n, hand)
    yield Row(f"each of {n:,} counts, processor", own["cpu"] / n, by_hand["cpu"] / n, hand)
    yield Row(f"{n:,} counts, memory of the process", own["mb"], by_hand["mb"], hand, "MB")
