"""What people read of a run: pure text and HTML, from a frozen standing."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from helpers import cards
from helpers.plans import plan, row
from hypothesis import given, strategies as st

from ct_magic.client.jobs import TOO_LATE, Job, State, Tally
from ct_magic.panel import html as card, style, tables, text as words
from ct_magic.panel.html import coloured
from ct_magic.panel.panel import MOST_ROWS, About, Standing, seconds_left
from ct_magic.planning.row_results import row_results
from ct_magic.query.parser import read_cell
from ct_magic.rows import Comparison, Formula, Row

EVIL = '<script>alert(1)</script><img src=x onerror="alert(2)">'
TURNED = "abc\u202edlrow\u202c\u2066 \u05d0"
VOID = {"br", "img", "input", "meta", "col", "path"}
DAY_BEFORE = date(2026, 10, 31)
TAKEN = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
DONE: dict[str, Any] = {"state": State.SUCCESS, "tally": Tally(7138), "began": 1.0, "ended": 13.0}


def standing(
    rows: Sequence[Row], jobs: Sequence[dict[str, Any]], now: float = 20.0, **about: Any
) -> Standing:
    """How rows stand whose counts are at their places, with what is said of each count."""
    planned = plan(rows)
    numbered = [Job(n, q, **jobs[n]) for n, q in enumerate(planned.questions)]
    return Standing(planned, row_results(planned, numbered), now, About(**about))


def many(count: int, *jobs: dict[str, Any], title: str = "App Launched", **more: Any) -> Standing:
    """Days of one statement; those of which nothing is said are waiting."""
    day = timedelta(1)
    first = date(2026, 8, 1)
    rows = [row(n, title, start=first + n * day, end=first + n * day) for n in range(count)]
    return standing(rows, [*jobs, *([{}] * (count - len(jobs)))], **more)


def one(now: float = 5.0, title: str = "App Launched", **job: Any) -> Standing:
    return standing([row(0, title)], [job], now)


def both(title: str, count: int, error: str = "", now: float = 0.0) -> Standing:
    """Rows of this title that have failed with this error."""
    rows = [row(n, title, pieces=(("a", f"{title}{n}"),)) for n in range(count)]
    return standing(rows, [{"state": State.FAILED, "error": error}] * count, now, note=error)


class Page(HTMLParser):
    """The tags and attributes of a piece of HTML, and whether they are balanced."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


STATES: dict[str, dict[str, Any]] = {
    "waiting its turn": {},
    "asked, next look in 25 s": {"state": State.SUBMITTED, "due": 30.0},
    "counting, looked once, next look in 25 s": {
        "state": State.SUBMITTED,
        "polls": 1,
        "due": 30.0,
    },
    "counting, looked 4 times (the service has trouble, HTTP 503), next try in 1 s": {
        "state": State.SUBMITTED,
        "polls": 4,
        "due": 6.0,
        "note": "HTTP 503",
    },
    "too many at once": {"note": "too many at once", "due": 4.0},
    "failed: HTTP 400: bad dates": {"state": State.FAILED, "error": "HTTP 400: bad dates"},
    "cancelled": {"state": State.CANCELLED, "error": "it was not waited for"},
    "timed out": {"state": State.TIMED_OUT, "error": "the deadline came first"},
    "timed out: HTTP 429: no; nothing new for 60 min": {
        "state": State.TIMED_OUT,
        "error": "HTTP 429: no; nothing new for 60 min",
    },
}


def said(html: str) -> str:
    """The words of a piece of HTML, without its style sheets."""
    page = Page(re.sub("<style>.*?</style>", "", html, flags=re.DOTALL))
    return " ".join("".join(page.words).split())


@pytest.mark.parametrize("state", STATES)
def test_each_state_is_said_in_words(state: str) -> None:
    """Nobody has to know a colour or a sign; text and HTML say the same."""
    standing = one(**STATES[state])
    assert words.state(standing.rows[0], standing) == state
    assert state in tables.text(standing)
    assert state in said(card.html(standing))


@pytest.mark.parametrize(
    "job",
    [
        {"state": State.FAILED, "error": "no connection", "req_id": "7", "lost": True},
        {"state": State.CANCELLED, "req_id": "7"},
        {"state": State.TIMED_OUT, "req_id": "7"},
    ],
)
def test_what_the_service_goes_on_counting_is_fetched(job: dict[str, Any]) -> None:
    """By the cell itself, which is said once; what was never sent is asked."""
    for kept in (True, False):
        stopped = one(**job | ({} if kept else {"req_id": None}))
        for shown in (tables.text(stopped), said(card.html(stopped))):
            assert shown.count("what was sent is fetched") == kept
            assert shown.count("run the cell again") == 1


def test_a_count_that_takes_long_says_for_how_long() -> None:
    """Who waits wonders whether it hangs; in the page the time stands at the end of the line."""
    standing = one(state=State.SUBMITTED, polls=41, began=-1195.0, due=30.0)
    stands = words.state(standing.rows[0], standing)
    assert stands == "counting, looked 41 times, for 20 min so far, next look in 25 s"
    assert "looked 41 times" in said(card.html(standing))
    assert "20 min" in said(card.html(standing))
    assert "for" not in words.state(standing.rows[0], replace(standing, about=About(stable=True)))


def test_one_count_ends_as_a_large_number_with_its_days() -> None:
    """The number is what one looks for; days that the query names are not said a second time."""
    html = card.html(one(20.0, **DONE))
    assert re.search(r"<b style=.font-size:28px[^>]*>7,138</b>", html)
    assert said(html).count("1 Nov 2026") == 1
    assert "12 s" in said(html)


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("count", [1, 3, 30])
def test_foreign_text_is_shown_as_text(count: int, live: bool) -> None:
    """A script in a name or in the service's error is words on the page, never an element."""
    standing = both(EVIL, count, EVIL)
    page = Page((card.live if live else card.html)(standing))
    assert not {"script", "img", "a", "iframe", "link"} & set(page.tags)
    assert not any(name.startswith("on") or name in ("src", "href") for name in page.attributes)
    assert EVIL in "".join(page.words)


@pytest.mark.parametrize("count", [1, 3])
def test_a_right_to_left_name_does_not_turn_the_line_round(count: int) -> None:
    """It stands alone in a <bdi>, and its marks, which reorder what follows, are not passed on."""
    html = card.html(both(TURNED, count))
    assert "\u202e" not in html
    assert "\u2066" not in html
    assert "\u05d0</bdi>" in html
    assert "\u202e" not in tables.text(both(TURNED, 1))


@given(st.text(max_size=400), st.text(max_size=400), st.booleans(), st.integers(1, 3))
def test_whatever_the_text_the_html_is_whole(name: str, error: str, live: bool, count: int) -> None:
    """Every element that is opened is closed, and none comes from outside."""
    draw = card.live if live else card.html
    page = Page(draw(both(name, count, error)))
    assert page.open == []
    known = {*Page(draw(both('"x" 1 and', 3, "y"))).tags, "span", "bdi", "div", "b"}
    assert set(page.tags) <= known
    assert "\n" not in words.line(both(name, count))
    assert all(line.isprintable() for line in tables.text(both(name, count)).split("\n"))


def test_ten_kilobytes_of_text_are_cut() -> None:
    """A service's error page does not flood the notebook."""
    standing = both("x" * 10_000, 1, "y" * 10_000)
    standing = replace(standing, about=About())
    assert len(card.html(standing).split("</style>")[1]) < 5_000
    assert len(tables.text(standing)) < 1_500
    assert len(words.line(standing)) < 500


def test_a_card_brings_each_rule_of_what_it_has_and_no_other() -> None:
    """Notebooks keep a sheet for each output; what a page adds to a card has its rules, too."""
    rules = re.findall(r"([^{}]+)({[^{}]*})", style.SHEET)
    kept, added = dict.fromkeys(rules, 0), {"ct-acts", "ct-reason", "ct-magic-frame"}
    drawn = list(cards.cards())
    for html in drawn:
        sheet, body = html.split("</style>")
        there = set(" ".join(re.findall('class="?([^">]*)', body)).split()) | added
        there |= {"details", "summary"} if "<details>" in body else set()
        for selector, said in rules:
            is_kept = f"{selector}{said}" in sheet
            kept[selector, said] += is_kept
            for alternative in re.split(r",(?![^()]*\))", selector):
                needed = re.sub(r":(not|is|has)\((?:[^()]|\([^()]*\))*\)", "", alternative)
                names = re.findall(r"\.(ct-[\w-]+)|\b(details|summary)\b", needed)
                assert is_kept or not {a or b for a, b in names} <= there
    # All rules are of something, and most of all cards can do without some.
    live = {rule for rule in rules if ".ct-magic-live ." in rule[0]}
    assert {rule for rule, times in kept.items() if not times} == live
    assert sum(times < len(drawn) for times in kept.values()) > 20


@pytest.mark.parametrize(
    ("cell", "most"),
    [("Charged yesterday", 4_000), ("Charged last 10 days by day", 5_200)],
)
def test_the_card_of_a_short_result_is_small(cell: str, most: int) -> None:
    """Its sheet is the most of it, and has no rule of what the card has not."""
    assert len(cards.card_of(cell, cards.STATES[0])) < most


def test_many_rows_are_folded_and_none_is_missing() -> None:
    """A picture; the rows behind it scroll, and who has no mouse reaches them.

    A page that was exported or printed shows them: only a notebook that is open folds them.
    """
    html = card.html(many(90, *[DONE] * 90))
    assert html.count("<details>") == 1
    assert html.count("<tr>") == 91
    assert '<svg role="img" aria-label="90 counts' in html
    assert 'class="ct-scroll" tabindex="0"' in html
    assert "details-content{content-visibility:visible" in html
    assert "<details>" not in card.html(many(20, *[DONE] * 20))


def test_ninety_days_are_a_dozen_lines_of_text() -> None:
    """The ends, what stands out, and what did not arrive; how many are left out is said."""
    jobs = [DONE | {"tally": Tally(100 + n % 7)} for n in range(90)]
    jobs[30], jobs[40] = DONE | {"tally": Tally(999)}, DONE | {"tally": Tally(3)}
    jobs[50] = {"state": State.FAILED, "error": "HTTP 400"}
    lines = tables.text(many(90, *jobs)).splitlines()
    assert len(lines) < 24
    assert any(re.search(r"31 Aug .*999 .*highest", line) for line in lines)
    assert any(re.search(r"10 Sep .*3 .*lowest", line) for line in lines)
    assert any(re.search(r"20 Sep .*failed", line) for line in lines)
    shown = sum(bool(re.match(r"\d+ \w{3} ", line)) for line in lines)
    left_out = sum(int(n) for n in re.findall(r"… (\d+) more", "\n".join(lines)))
    assert shown + left_out == 90
    assert max(map(len, lines)) <= 80


def test_rows_that_did_not_arrive_are_not_folded_away() -> None:
    """What is missing is what one looks for."""
    lost = {"state": State.CANCELLED}
    for count in (8, 90):
        shown = card.html(many(count, *[DONE] * (count - 1), lost)).partition("<details>")[0]
        assert "<bdi>cancelled</bdi>" in shown
        assert "run the cell again" in said(card.html(many(count, *[DONE] * (count - 1), lost)))


def test_rows_stay_in_the_order_asked_and_bars_are_relative() -> None:
    """The largest count fills its cell, half of it half."""
    rows = [row(n, f"q{n}") for n in range(3)]
    html = card.html(standing(rows, [DONE | {"tally": Tally(c)} for c in (50, 100, 0)]))
    table = html[html.index("<table") :]
    assert table.index("q0") < table.index("q1") < table.index("q2")
    assert re.findall(r"width:([0-9.]+)%;border-top:9px", html) == ["50", "100"]


def test_the_summary_says_what_is_done_waiting_and_failed() -> None:
    """In numbers, groups first."""
    jobs = [DONE] * 10 + [{"state": State.FAILED}, {"state": State.SUBMITTED}]
    expected = "10 of 13 done · 1 asked · 1 waiting its turn · 1 failed"
    assert words.summary(many(13, *jobs, now=5.0)) == expected
    assert expected.partition(" · ")[0] in said(card.html(many(13, *jobs, now=5.0)))


def test_time_is_estimated_only_where_a_queue_moves() -> None:
    """What has been asked comes when the service is ready: no pace says when.

    Counts from the journal, or cancelled ones, took no time and say nothing of the others; and
    nothing is promised in the first tenth of a run.
    """

    def left(cell: Standing) -> tuple[float, float] | None:
        return seconds_left(cell.jobs, cell.now)

    pending = {"state": State.SUBMITTED, "began": 0.0}
    done = DONE | {"began": 0.0}
    assert left(many(90, *[done] * 10, *[pending] * 80, now=130.0)) is None
    assert left(many(90, *[DONE | {"began": None, "taken": TAKEN}] * 80, pending)) is None
    assert left(many(90, *[{"state": State.CANCELLED, "began": 0.0}] * 80, pending)) is None
    assert left(many(90, *[done] * 10, now=5.0)) is None
    assert left(many(90, *[done] * 10, *[pending] * 11, now=130.0)) is None
    assert left(many(90, *[done] * 10, *[pending] * 10, now=130.0)) is not None
    assert left(many(101, *[done] * 10, now=130.0)) is None
    assert left(many(100, *[done] * 10, now=130.0)) is not None
    assert left(many(20, *[done] * 10, now=100.0)) == pytest.approx((70.0, 140.0))
    assert words.time_left(many(20, *[done] * 10, now=100.0)) == "about 1 to 2 min left"


def test_the_clocks_of_a_live_card_need_no_messages() -> None:
    """The browser counts down by itself; what is saved holds no animation."""
    standing = one(5.0, state=State.SUBMITTED, due=30.0, began=1.0)
    assert "--ct-magic-from:25;--ct-magic-to:1;--ct-magic-for:25s" in card.live(standing)
    still = card.html(standing)
    assert "ct-magic-down" not in still
    assert "next look in 25 s" in said(still)


def test_no_countdown_begins_at_nothing() -> None:
    """What is due is being asked: "next look in 0 s" is never said."""
    for due in (4.0, 5.0):
        assert tables.text(one(5.0, state=State.SUBMITTED, due=due)).endswith("- asked")
    assert tables.text(one(5.0, state=State.SUBMITTED, due=5.1)).endswith("next look in 1 s")


def test_a_screen_reader_can_find_its_way() -> None:
    """Progress and table have names; signs and bars, which repeat the words, are hidden."""
    html = card.live(many(2, DONE))
    assert 'aria-hidden="true">✗' in card.live(many(3, {"state": State.FAILED}))
    assert 'aria-valuemax="2" aria-valuenow="1"' in html
    assert 'aria-label="counts"' in html
    assert html.count('scope="col"') == html.count("<th ")


def test_what_is_read_out_is_no_clock() -> None:
    """A look or a second is no news; a count that has arrived is."""
    pending = {"state": State.SUBMITTED, "polls": 3, "due": 30.0}
    assert words.spoken(one(**pending)) == words.spoken(one(**pending | {"polls": 4, "due": 60.0}))
    assert words.spoken(one(**DONE)) == "App Launched - done: 7,138 profiles"
    assert words.spoken(many(2, pending, DONE)) == "50 % of 2 counts"


def test_a_long_wait_is_told_in_minutes() -> None:
    """The clock that goes on by itself says what the still one says: nobody reads 3,000 s."""
    standing = one(3000.0, state=State.SUBMITTED, due=3030.0, began=0.0)
    clock = "--ct-magic-to:1440;--ct-magic-for:86400s;--ct-magic-begun:-3000s;--ct-magic-unit:'min'"
    assert clock in card.live_below(standing)
    assert "50 min" in said(card.html(standing))


def kept_untrusted(html: str) -> str:
    """What JupyterLab leaves of the styles of a notebook that is not trusted."""

    def kept(attribute: re.Match[str]) -> str:
        parts = attribute[1].split(";")
        left = [part for part in parts if not re.search(r"var\(|anywhere|clip-path", part)]
        return f'style="{";".join(left)}"'

    without = re.sub("<style>.*?</style>", "", html, flags=re.DOTALL)
    return re.sub('style="([^"]*)"', kept, without)


def test_an_untrusted_card_has_its_frame_and_its_bars() -> None:
    """JupyterLab drops every style that needs a variable: what is drawn does not."""
    html = kept_untrusted(card.html(many(2, DONE, {"state": State.FAILED})))
    assert "var(" not in html
    assert re.search(r'class="ct-magic[^>]*style="border:1px solid rgba', html)
    assert re.search(r"width:100%;border-top:9px solid #[0-9a-f]{6}", html)
    assert '<td style="width:100%;min-width:60px">' in html, "the room that bars are a part of"


def test_an_untrusted_card_has_a_gap_between_its_words() -> None:
    """What stands apart by our sheet stands apart without it: a number is no part of a word."""
    assert "7,138 profiles" in said(card.html(one(20.0, **DONE)))
    assert "1\N{EN DASH}2 Aug 2026 2 counts 12 s" in said(card.html(many(2, DONE, DONE)))
    assert "was counting This was saved" in said(card.saved(one()))
    rows = [
        row(n, pieces=(("Category", "Bags" if n % 2 else "Shoes"),), start=day, end=day)
        for n, day in enumerate(date(2026, 8, 1) + timedelta(n) for n in range(32))
    ]
    drawn = card.html(standing(rows, [DONE] * 32)).partition("<details>")[0]
    lines = re.findall(r'<div class="ct-line">(.*?)</div>', drawn)
    assert [said(line) for line in lines] == ["Shoes 7,138", "Bags 7,138"]


def test_dollars_are_no_formula() -> None:
    """A page that sets formulas leaves a query with two variables alone, whoever shows it."""
    for draw in (card.live, card.html):
        html = draw(one(title="a > $low and a < $high"))
        assert re.search(r'class="[^"]*\bmathjax_ignore tex2jax_ignore\b', html)


def test_what_every_row_would_say_is_said_once() -> None:
    """Thirty days of one statement are thirty days, not thirty times the statement."""
    assert said(card.html(many(30, *[DONE] * 30))).count("App Launched") == 1
    fixed = (("Category", "Shoes"), ("geo", "India"))
    page = Page(card.html(standing([row(n, pieces=fixed) for n in range(3)], [DONE] * 3)))
    assert "Category, geo" in page.words
    assert page.words.count("Shoes · India") == 3


def test_the_days_that_all_share_are_said_once() -> None:
    """Below the table; where they differ, in a column, too."""
    rows = [row(n, f"q{n}") for n in range(3)]
    assert said(card.html(standing(rows, [DONE] * 3))).count("1 Nov") == 1
    other = [row(0), row(1, end=date(2026, 11, 2))]
    page = Page(card.html(standing(other, [DONE] * 2)))
    assert {"days", "1 Nov", "1\N{EN DASH}2 Nov"} <= set(page.words)


def test_nothing_is_fetched_and_nothing_runs() -> None:
    """No address, no script: a panel works offline and in an untrusted notebook."""
    for draw in (card.live, card.html):
        html = draw(many(30, *[DONE] * 30, note="note"))
        assert not any(
            word in html for word in ("http", "url(", "@import", "<script", "javascript")
        )


def test_no_line_of_progress_is_left_when_all_is_done() -> None:
    """And the state is said only where it is not "done"."""
    html = card.html(many(5, *[DONE] * 5))
    assert "progressbar" not in html
    assert said(html).count("done") == 1


@pytest.mark.parametrize(
    ("today", "expected"),
    [(date(2026, 11, 20), "62 from 10:30"), (date(2026, 11, 21), "62 from 20 Nov 2026 10:30")],
)
def test_how_many_are_from_when_is_said_once(today: date, expected: str) -> None:
    """Below, not in every row; in the account's time, and how to ask anew."""
    cached = DONE | {"taken": TAKEN, "began": None, "ended": None}
    counted = many(90, *[DONE] * 28, *[cached] * 62, today=today, zone=UTC)
    assert said(card.html(counted)).count(expected) == 1
    assert 'title="--refresh asks anew"' in card.html(counted)
    assert f"{expected}: --refresh asks anew" in tables.text(counted)
    both = many(2, cached, cached, today=today, zone=UTC)
    assert said(card.html(both)).count("both from") == 1


FUNNEL = [
    row(0, "funnel", step="App Installed", base=0),
    row(1, "funnel", step="did Charged", base=0, within=0),
]


def test_a_share_has_its_interval_and_says_that_order_is_not_known() -> None:
    """The base has none: it is what the others are compared with."""
    jobs = [DONE | {"tally": Tally(1844)}, DONE | {"tally": Tally(474)}]
    shown = said(card.html(standing(FUNNEL, jobs)))
    assert "26 % 24\u201328 % · 474 of 1,844 profiles" in shown
    assert "in any order" in shown
    lines = tables.text(standing(FUNNEL, jobs)).splitlines()
    assert lines[2:5] == [
        "step           profiles  share",
        "App Installed     1,844",
        "did Charged         474  26 % (24\u201328 %)",
    ]


def test_every_line_of_plain_text_says_which_row_it_is() -> None:
    """By its days, its pieces and its step; a terminal has no column for them."""
    weeks = [
        (date(2026, 10, 5) + timedelta(7 * n), date(2026, 10, 11) + timedelta(7 * n))
        for n in (0, 1)
    ]
    rows = [
        row(
            number := 4 * week + 2 * piece + step,
            "funnel",
            start=start,
            end=end,
            step=("App Installed", "did Charged")[step],
            base=number - step,
            pieces=(("City", city),),
        )
        for week, (start, end) in enumerate(weeks)
        for piece, city in enumerate(("Pune", "Oslo"))
        for step in (0, 1)
    ]
    shown = standing(rows, [DONE | {"tally": Tally(9)}] * len(rows))
    lines = tables.text(shown).splitlines()[3:11]
    assert len(set(lines)) == len(rows)
    assert lines[-1].startswith("Oslo · did Charged    12\N{EN DASH}18 Oct         9")


def test_retention_is_a_triangle_and_what_is_not_over_is_blank() -> None:
    """A line for each cohort, a column for each `after`; no zero stands for what is not known."""
    rows = []
    for week, windows in enumerate((2, 1)):
        base, start = 3 * week, date(2026, 10, 5) + timedelta(7 * week)
        dates = {"start": start, "end": start + timedelta(6)}
        rows.append(row(base, "r", step="App Installed", base=base, **dates))
        for after in range(2):
            formula = {} if after < windows else {"formula": None}
            own = row(
                base + after + 1, "r", step="did X", after=after, base=base, **dates, **formula
            )
            rows.append(replace(own, within=base))
    jobs = [DONE | {"tally": Tally(count)} for count in (400, 400, 256, 300, 300)]
    html = card.html(standing(rows, jobs))
    texts = [re.sub("<[^>]*>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", html)]
    cells = [cell for cell in texts if "Oct" not in cell]
    assert cells == ["mean", "", "100 %", "64 %", "400", "100 %", "64 %", "300", "100 %", ""]
    assert html.count('scope="col"') == 4
    text = tables.text(standing(rows, jobs)).splitlines()
    assert [line.split()[-2:] for line in text[2:6]] == [
        ["after", "1"],
        ["64", "%"],
        ["64", "%"],
        ["100", "%"],
    ]


@pytest.mark.parametrize("text", ["share did Charged within 1, 3 days by first day", "by day"])
def test_a_table_of_years_is_drawn_in_a_time_that_grows_with_its_rows(text: str) -> None:
    """Whether the rows are of one year is looked up once, not for each of them."""
    cell = f"App Launched last 1200 days {text}"
    planned = read_cell(cell, today=date(2026, 11, 20), zone=UTC, max_counts=None).plan
    jobs = [Job(n, question, **DONE) for n, question in enumerate(planned.questions)]
    whole = Standing(planned, row_results(planned, jobs), 20.0)
    begun = time.process_time()
    assert "2024" in card.html(whole)
    assert time.process_time() - begun < 0.5


@pytest.mark.parametrize("shares", [(0.42, 0.21), (0.05, 0.01), (1.0, 0.5)])
def test_the_shades_of_retention_are_one_linear_scale(shares: tuple[float, float]) -> None:
    """Half the share is half the shade; the first column, where all are, is a number alone."""
    base = row(0, "r", step="App Installed", base=0)
    after = [row(n, "r", step="did X after weeks", after=n - 1, base=0) for n in (1, 2, 3)]
    tallies = (1000, 1000, *(round(1000 * share) for share in shares))
    html = card.html(standing([base, *after], [DONE | {"tally": Tally(n)} for n in tallies]))
    found = re.findall(r'<div [^>]*style="--s:(\d+)%', html)
    shades = [int(shade) for shade in found if int(shade)]
    assert len(shades) == 2
    assert shades[1] / shades[0] == pytest.approx(shares[1] / shares[0], abs=0.02)
    assert {"week 0", "1", "2"} <= set(Page(html).words)


def test_a_comparison_shows_what_was_before_and_the_change() -> None:
    """A change stands only where there is one."""
    rows = [
        row(0, previous=Comparison(Formula((2,)), None, None)),
        row(1, start=date(2026, 10, 31), previous=Comparison(Formula((3,)), None, None, "no")),
    ]
    jobs = [DONE | {"tally": Tally(count)} for count in (110, 50, 100, 40)]
    shown = said(card.html(standing(rows, jobs)))
    assert "before" in shown
    assert "+10 %" in shown
    assert shown.count("%") == 1
    lines = tables.text(standing(rows, jobs)).splitlines()
    assert lines[3].split() == ["1", "Nov", "110", "100", "+10", "%"]
    assert lines[4].split() == ["31", "Oct\N{EN DASH}1", "Nov", "50", "40"]


def test_a_step_is_compared_with_the_step_before_too() -> None:
    """What a funnel loses where; the first step's base is the step before it."""
    rows = [*FUNNEL, row(2, "funnel", step="did Viewed", base=0, within=1)]
    jobs = [DONE | {"tally": Tally(count)} for count in (1844, 1387, 474)]
    shown = said(card.html(standing(rows, jobs)))
    assert "26 % (24\u201328 %) · 34 % of the step before" in shown
    assert shown.count("of the step before") == 1


def test_one_comparison_tells_the_change_first() -> None:
    """It is what was asked."""
    jobs = [DONE | {"tally": Tally(count)} for count in (110, 100)]
    compared = standing([row(0, previous=Comparison(Formula((1,)), None, None))], jobs)
    assert "110 profiles, +10 % from 100 before" in said(card.html(compared))


def test_a_count_that_waits_for_its_comparison_is_not_done() -> None:
    """The number is there; no tick, and no time that it took, says that all is."""
    pending = {"state": State.SUBMITTED, "polls": 2, "due": 30.0}
    waiting = standing([row(0, previous=Comparison(Formula((1,)), None, None))], [DONE, pending])
    for draw in (card.live, card.html):
        shown = said(draw(waiting))
        assert "7,138 profiles" in shown
        assert "counting, next look in" in shown
        assert "✓" not in shown


@pytest.mark.parametrize(
    ("tally", "expected"),
    [
        (Tally(7, 9, 7, 7), "7 profiles · 9 events ✓"),
        (Tally(7, 9, 6, 8), "7 profiles · 9 events · 6 users · 8 devices ✓"),
        (Tally(0, 0, 0, 0), "0 profiles ✓"),
        (Tally(7), "7 profiles ✓"),
    ],
)
def test_what_is_as_usual_is_not_said(tally: Tally, expected: str) -> None:
    """One user and one device for each profile is no news."""
    assert expected in said(card.html(one(20.0, **DONE | {"tally": tally})))


def test_each_group_has_its_own_sparkline() -> None:
    """Columns of several groups side by side would be a line of nothing."""
    for names in (["Shoes", "Bags"], list("abcdefgh")):
        rows = [
            row(n, pieces=(("Category", names[n % len(names)]),), start=day, end=day, whole=True)
            for n, day in enumerate(date(2026, 8, 1) + timedelta(n) for n in range(32))
        ]
        jobs = [DONE | {"tally": Tally(n + 1)} for n in range(32)]
        html = card.html(standing(rows, jobs)).partition("<details>")[0]
        assert html.count("<svg") == min(len(names), 5)
        assert ("and 3 more" in html) == (len(names) > 5)
        assert f'aria-label="{names[-1]}: {32 // len(names)} counts, ' in html


def test_a_count_of_0_is_no_gap_of_a_sparkline() -> None:
    """It is a line at the ground; a day that is not over yet is a gap, and all may be 0."""
    days = [date(2026, 8, 1) + timedelta(n) for n in range(32)]
    rows = [row(n, start=day, end=day, whole=True) for n, day in enumerate(days)]
    rows[31] = replace(rows[31], formula=None)
    for tallies in ([5, 0, 3], [0, 0, 0]):
        jobs = [DONE | {"tally": Tally(tallies[n % 3])} for n in range(32)]
        drawn = "".join(re.findall(r' d="([^"]*)"', card.html(standing(rows, jobs))))
        places = sorted(map(int, re.findall(r"M(\d+) ", drawn)))
        assert places == [10 * n for n in range(31)]


def test_a_piece_that_is_not_whole_is_no_low_of_a_sparkline() -> None:
    """Else every running week would look like a fall."""
    counted = many(30, *[DONE] * 29, DONE | {"tally": Tally(3)})
    assert "3\u20137,138" in card.html(counted)
    rows = [replace(r.row, whole=n < 29) for n, r in enumerate(counted.rows)]
    html = card.html(standing(rows, [DONE] * 29 + [DONE | {"tally": Tally(3)}]))
    assert "3\u20137,138" not in html
    # Hollow, as its bar: paler than three to one it would not be seen.
    assert re.search(r'<path fill="none" stroke="currentColor"[^>]* d="M[^"]+"/>', html)
    assert "opacity" not in html.partition("</style>")[2]
    assert "7,138 a day" in html


@pytest.mark.parametrize("count", [3, 30])
def test_retention_fills_while_it_runs(count: int) -> None:
    """As the triangle that it will be; what waits is blank, what is asked has a sign."""
    base = row(0, "r", step="App Installed", base=0)
    after = [row(n, "r", step="did X", after=n, base=0, within=0) for n in range(1, count)]
    jobs = [DONE, *[{"state": State.SUBMITTED, "note": "HTTP 503"}] * (count - 1)]
    html = card.live(standing([base, *after], jobs))
    assert html.count("<tr>") == 2
    assert html.count("…</span></td>") == count - 1
    assert "the service has trouble, HTTP 503, trying again" in said(html)


def test_a_doubt_is_seen_at_its_row_and_read_below() -> None:
    """Each doubt once in words."""
    rows = [row(0, "a"), row(1, "b", doubts=("the service may ignore '!='",))]
    html = card.html(standing(rows, [DONE] * 2))
    assert said(html).count("in doubt: the service may ignore '!='") == 1
    assert 'aria-label="doubt"' in html
    assert "! the service may ignore" in tables.text(standing(rows, [DONE] * 2))


def test_a_piece_that_is_not_whole_looks_otherwise() -> None:
    """Its bar is hollow, and the days that it has are said."""
    rows = [row(0, whole=True), row(1, end=date(2026, 11, 2), whole=False)]
    html = card.html(standing(rows, [DONE] * 2))
    assert html.count("1px dotted") == 1
    assert "2 days, not a whole piece" in said(html)


def test_what_is_not_over_has_one_mark() -> None:
    """Hollow, and until when it was counted; of a longer piece how many of its days it has."""
    taken = datetime(2026, 11, 30, 11, 15, tzinfo=UTC)
    today = {"today": date(2026, 11, 30), "zone": UTC}
    open_day = DONE | {"counted": taken}
    day = row(0, start=date(2026, 11, 30), end=date(2026, 11, 30))
    for shown in (standing([day], [open_day], **today), many(2, DONE, **today)):
        is_one = len(shown.rows) == 1
        for drawn in (said(card.html(shown)), tables.text(shown)):
            assert ("so far, until 30 Nov 11:15" in drawn) == is_one
        assert ("✓" in said(card.html(shown))) == (not is_one and shown.over)
    weeks = [
        row(n, start=start, end=end, whole=whole)
        for n, (start, end, whole) in enumerate(
            [
                (date(2026, 11, 23), date(2026, 11, 29), True),
                (date(2026, 11, 30), date(2026, 11, 30), False),
            ]
        )
    ]
    counted = standing(weeks, [DONE | {"counted": taken}, open_day], **today)
    assert card.html(counted).count("1px dotted") == 1
    for drawn in (said(card.html(counted)), tables.text(counted)):
        assert drawn.count("1 of 7 days, until 30 Nov 11:15") == 1


def test_a_part_of_a_cell_is_not_done() -> None:
    """What was never sent is named; no tick says that all is there."""
    part = many(131, *[DONE] * 131, left_out=369)
    for drawn in (said(card.html(part)), tables.text(part)):
        assert "131 of 500" in drawn
        assert "the other 369 were never sent: run the cell again" in drawn
        assert "done" not in drawn
        assert "✓" not in drawn


@pytest.mark.parametrize("draw", [card.html, card.saved, card.live_below])
def test_a_panel_names_its_account(draw: Callable[[Standing], str]) -> None:
    """Where it was told to; a cell that was stopped says how to ask that account again."""
    assert "prod · in1" in said(draw(many(3, DONE, account="prod · in1", name="prod")))
    assert "prod · in1" in tables.text(many(3, DONE, account="prod · in1"))
    saved = said(card.saved(many(3, account="prod · in1", name="prod")))
    assert "Run %ct use prod, then this cell: what was sent is fetched, the rest is asked" in saved


def test_the_head_says_what_keeps_the_whole_run_waiting() -> None:
    """Since when, when it tries again, when it gives up, and that nothing is lost."""
    note = {"note": "no connection to http://127.0.0.1:8765, or it was lost", "due": 27.0}
    shown = replace(many(9, *[note] * 9, now=20.0), outage=(0.0, 60.0))
    expected = (
        "no connection to 127.0.0.1:8765 for 20 s, trying again in 7 s, giving up in 40 s; "
        "nothing that was asked is lost"
    )
    assert expected in said(card.live(shown))
    assert expected in words.summary(shown)
    busy = many(9, *[{"note": "HTTP 429: Too many", "due": 27.0}] * 9, now=20.0)
    assert "the service is busy, trying again in 7 s" in said(card.live(busy))
    assert "HTTP 429" not in said(card.live(busy))


def test_a_number_is_never_cut() -> None:
    """It has no limit of its own; the label gives way, in a terminal, too."""
    rows = [row(n, pieces=(("Page", f"https://shop.example/shoes/{n}" * 3),)) for n in range(3)]
    shown = standing(rows, [DONE | {"tally": Tally(9_856_567_890 + n)} for n in range(3)])
    assert "9,856,567,892" in said(card.html(shown))
    lines = tables.text(shown, 60).splitlines()
    assert all(len(line) <= 60 for line in lines[3:6])
    assert [line.split()[-1] for line in lines[3:6]] == [f"9,856,567,89{n}" for n in range(3)]


def test_stable_outputs_say_no_time() -> None:
    """Two runs give the same output but for the counts."""
    cached = DONE | {"taken": TAKEN}
    first = many(30, *[DONE] * 29, cached, now=20.0, stable=True)
    later = DONE | {"began": 3.0, "ended": 90.0}
    second = many(30, *[later] * 29, cached | {"taken": None, "counted": TAKEN}, stable=True)
    assert card.html(first) == card.html(second)
    assert tables.text(first) == tables.text(second)


def test_a_saved_notebook_claims_no_number_for_ever() -> None:
    """Saved in mid-run, it says what was asked and what to do; "0 of 10 done" would be a lie."""
    html = card.saved(many(10))
    assert "0 of 10" not in html
    assert "Run the cell again: what was sent is fetched, the rest is asked" in html
    assert "10 counts were under way" in said(html)


def test_a_query_has_the_colours_of_the_editor() -> None:
    """Its words, texts and numbers, by the language's own lexer; a word inside a name is none."""
    html = coloured('Charged where by_day = "last 2" last 30 days')
    assert re.findall(r"<b>(\w+)</b>", html) == ["where", "last", "days"]
    assert re.findall(r'<span class="(\w)">([^<]*)</span>', html) == [
        ("s", "&quot;last 2&quot;"),
        ("n", "30"),
    ]
    assert "<bdi>\u05d0\u05d1</bdi>" in coloured("\u05d0\u05d1 last 7 days")


def test_a_page_is_sent_few_rows_while_it_runs() -> None:
    """Ten thousand counts are a card of some kilobytes, with the rows that changed last."""
    moved = {"state": State.SUBMITTED, "began": 9.0}
    standing = many(10_000, *[{"state": State.SUBMITTED, "began": 1.0}] * 9_000, moved, now=10.0)
    html = card.live(standing)
    assert len(html) < 20_000
    moment = standing.rows[9_000].row.start
    assert f"{moment.day} {moment:%b %Y}" in html


@pytest.mark.parametrize("step", [None, "App Installed"])
def test_a_page_keeps_some_rows_of_thousands_and_says_so(step: str | None) -> None:
    """What is done is sent at once, and saved with the notebook: the DataFrame has all rows."""
    rows = [row(n, step=step, base=None if step is None else n) for n in range(3000)]
    html = card.html(standing(rows, [DONE] * 3000))
    assert len(html) < 150_000
    assert "and 2,800 more in the DataFrame" in html
    assert "all rows" not in html


def test_a_reason_that_all_rows_share_is_said_once() -> None:
    """A wrong passcode fails 40 rows: 40 paragraphs would hide the one thing to do."""
    bad = "HTTP 401: check id, passcode and region"
    errors = [bad, f"not sent: {bad}", f"not asked again: {bad}", bad]
    shown = card.html(many(4, *({"state": State.FAILED, "error": error} for error in errors)))
    assert shown.count("HTTP 401") == 1
    assert shown.count("failed") >= 4
    other = [*errors[:3], "HTTP 500"]
    shown = card.html(many(4, *({"state": State.FAILED, "error": error} for error in other)))
    assert shown.count("HTTP 401") == 3
    assert shown.count("HTTP 500") == 1


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("A by first week", "first"),
        ("A by day rolling 7 days", "rolling"),
        ("A vs previous by day", "previous"),
        ("A by hour", "hour"),
        ("A by week, hour", "hour"),
    ],
)
def test_words_in_one_place_have_the_editors_colour_there(text: str, word: str) -> None:
    """Anywhere else they are names."""
    assert f"<b>{word}</b>" in coloured(text)
    for name in ("happy hour today", 'A by first name in ("x")', "previous today", "rolling today"):
        assert f"<b>{word}</b>" not in coloured(name)


@pytest.mark.parametrize(
    "job",
    [
        {"state": State.SUBMITTED, "polls": 1, "note": "HTTP 503: Service unavailable", "due": 9.0},
        {"note": "HTTP 429: Too many concurrent requests", "due": 9.0},
        {"state": State.FAILED, "error": "HTTP 400: Bad request"},
    ],
)
def test_what_a_line_has_no_room_for_is_seen_by_pointing_at_it(job: dict[str, Any]) -> None:
    """While it runs no line becomes two; the next look is in sight, and nothing is out of reach."""
    html = card.live(many(3, job, {"state": State.SUBMITTED}, now=5.0))
    why = job.get("note", job.get("error"))
    plain = {"HTTP 503": "the service has trouble, HTTP 503", "HTTP 429": "the service is busy"}
    shown = plain.get(why[:8], why)
    assert re.search(rf'<span title="[^"]*{shown}[^"]*"', html)
    if "note" in job:
        assert f"{shown}, next try in" in said(html)


def test_what_is_asked_is_not_drawn_as_what_is_done() -> None:
    """Forced colours draw every border alike; the track's ground they leave away."""
    html = card.live(many(4, DONE, {"state": State.SUBMITTED}))
    track = html[html.index('ct-track"') : html.index("<table")]
    assert track.count("border-top") == 1


def own_days(*windows: tuple[int, int], pieces: int = 3) -> list[Row]:
    """First weeks, each with shares in these windows; those of the last are not yet."""
    rows: list[Row] = []
    for piece in range(pieces):
        base, start = len(rows), date(2026, 9, 7) + timedelta(7 * piece)
        dates = {"start": start, "end": start + timedelta(6), "whole": True}
        rows.append(row(base, "A", step="App Installed", base=base, **dates))
        for first, last in windows:
            over = {} if piece < pieces - 1 else {"formula": None}
            days = {"from_day": first, "to_day": last}
            own = row(len(rows), "A", step="did X", base=base, within=base, **days, **dates, **over)
            rows.append(replace(own, of=Formula((base,))))
    rows[-len(windows) - 2] = replace(
        rows[-len(windows) - 2], end=rows[-len(windows) - 2].start + timedelta(4), whole=False
    )
    return rows


def test_own_days_are_a_line_a_piece_and_a_column_a_window() -> None:
    """All first, with its interval; of how many where days are left out; and what is not yet."""
    rows = own_days((1, 1), (7, 7))
    tallies = iter([100, 9, 7, 64, 6, 3, 90])
    jobs = [DONE | {"tally": Tally(next(tallies))} if row.formula else {} for row in rows]
    shown = standing(rows, jobs)
    for drawn in (said(card.html(shown)), tables.text(shown)):
        assert re.search(r"cohort\s*profiles\s*day 1\s*day 7", drawn)
        assert "4.7 % of 64, 5 of 7 days" in drawn
        assert drawn.count("not yet") >= 2
        assert re.search(r"all\s*9.1 %", drawn)
    assert "in any order" not in tables.text(shown)


@pytest.mark.parametrize(
    ("clauses", "head"),
    [
        ("on day 1, 2 by first week", "first week"),
        ("on day 1, 2 by first day", "first day"),
        ("within 1, 2 days by first month", "first month"),
        ("after 0..1 weeks by first week", "first week"),
        ("after 0..1 weeks by week", "week"),
        ('on day 1, 2 by first week, City in ("Oslo", "Bergen")', "cohort"),
        ('within 1, 2 days by City in ("Oslo", "Bergen")', "cohort"),
        ("on day 1, 2", "cohort"),
    ],
)
def test_cohorts_are_called_as_the_query_calls_them(clauses: str, head: str) -> None:
    """By the words behind `by`, where they are all that tells the lines apart."""
    cell = f"Installed 2026-09-28..2026-10-11 share did Launched {clauses}"
    shown = cards.standing_of(cell, cards.STATES[0])
    assert f'<th scope="col">{head}</th><th scope="col" class=n>profiles</th>' in card.html(shown)
    assert re.search(rf"^{head} +profiles ", tables.text(shown), re.MULTILINE)


@pytest.mark.parametrize(("second", "head"), [("week", "cohort"), ("first week", "first week")])
def test_cohorts_of_several_statements_have_the_word_of_all_or_none(second: str, head: str) -> None:
    """What is right of some lines is no name for others."""
    step = "Installed 2026-09-28..2026-10-11 share did Launched after 0..1 weeks by"
    shown = cards.standing_of(f"a: {step} first week\nb: {step} {second}", cards.STATES[0])
    assert re.search(rf"^{head} +profiles ", tables.text(shown), re.MULTILINE)


@pytest.mark.parametrize("pieces", [6, 7, 66, 67, 100])
def test_the_folded_rows_of_own_days_scroll_and_say_how_many_are_left_out(pieces: int) -> None:
    """As those of any long table: where a picture shows own days, their rows are below it."""
    rows = own_days((1, 1), (7, 7), pieces=pieces)
    html = card.html(standing(rows, [DONE] * len(rows), plotted=True))
    left = max(0, len(rows) - MOST_ROWS)
    assert ("ct-scroll" in html.split("</style>")[1]) == (len(rows) > 20)
    assert (f"and {left:,} more in the DataFrame" in html) == bool(left)


@pytest.mark.parametrize(
    ("windows", "heads"),
    [
        ([(0, 0), (0, 6)], ["within 1 day", "within 7 days"]),
        ([(0, 0), (7, 13)], ["day 0", "days 7\N{EN DASH}13"]),
    ],
)
def test_windows_are_called_as_they_are_typed(
    windows: list[tuple[int, int]], heads: list[str]
) -> None:
    """Those that begin with day 0 are `within`, others are days."""
    rows = own_days(*windows, pieces=2)
    page = Page(card.html(standing(rows, [DONE] * len(rows))))
    assert set(heads) <= set(page.words)


def test_most_of_them_on_day_0_is_explained() -> None:
    """Whoever asks for those who came back has counted the day itself."""
    rows = own_days((0, 6), pieces=2)
    jobs = [DONE | {"tally": Tally(100 - row.number)} for row in rows]
    assert "for who came back write on day 1, 7, 30" in said(card.html(standing(rows, jobs)))
    jobs[1] = DONE | {"tally": Tally(50)}
    assert "for who came back" not in said(card.html(standing(rows, jobs)))


def test_shares_against_another_period_differ_in_points() -> None:
    """With the interval; no percent of percents."""
    other = Comparison(Formula((2,)), DAY_BEFORE, DAY_BEFORE, of=Formula((2,)))
    steps = [
        replace(row(0, "f", step="A", base=0), previous=other),
        replace(row(1, "f", step="did B", base=0, within=0, of=Formula((0,))), previous=other),
        replace(row(2, "f", step="did C", base=0, within=1, of=Formula((0,))), previous=other),
    ]
    results = standing(steps, [DONE | {"tally": Tally(n)} for n in (400, 100, 90)])
    ends = {"difference_low": -0.018, "difference_high": 0.079}
    compared = replace(results.rows[1], previous_share=0.19, difference=0.031, **ends)
    shown = replace(results, rows=(results.rows[0], compared, results.rows[2]))
    for drawn in (said(card.html(shown)), tables.text(shown)):
        assert "90 19 %" in drawn
        assert "+3.1 points (\N{MINUS SIGN}1.8 to +7.9)" in drawn
        assert "change" not in drawn
    alone = replace(shown, rows=(results.rows[0], compared))
    assert "19 % before · +3.1 points" in said(card.html(alone))


@pytest.mark.parametrize("windows", [None, [(1, 1), (7, 7), (30, 30)]])
def test_a_retention_of_twelve_weeks_fits_into_a_terminal(
    windows: list[tuple[int, int]] | None,
) -> None:
    """Where there is no room for the signs, the head says what the numbers are."""
    rows = own_days(*(windows or [(0, 0)]), pieces=12)
    if windows is None:
        rows, weeks = [], rows[::2]
        for week, base in enumerate(weeks):
            first, days = 13 * week, {"start": base.start, "end": base.end}
            rows.append(row(first, "r", step="A", base=first, **days))
            for after in range(12):
                place = {"after": after, "base": first, "within": first, "step": "did X"}
                over = {} if after < 12 - week else {"formula": None}
                rows.append(row(first + after + 1, "r", **place, **days, **over))
    tallies = [8_000 // (1 + (row.after or 0)) for row in rows]
    counted = standing(rows, [DONE | {"tally": Tally(count)} for count in tallies])
    lines = tables.text(counted, 80).splitlines()[2:]
    assert max(map(len, lines)) <= 80
    assert ("cohort, in %" in lines[0]) == (windows is None)


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["https://shop.example/shoes/red", "https://shop.example/shoes/blue"], "shoes/red"),
        (["did Viewed where Category = 1", "did Viewed where Category = 22"], "ory = 22"),
        (["Shoes", "Shirts"], "Shirts"),
        (["a" * 40, "a" * 41], "a" * 6),
    ],
)
def test_names_that_begin_alike_show_what_differs(names: list[str], shown: str) -> None:
    """On a page what all begin with is not seen, but copied; plain text has all of it."""
    rows = [row(n, pieces=(("Category", name),)) for n, name in enumerate(names)]
    seen = standing(rows, [DONE] * 2)
    page = re.sub(' title="[^"]*"', "", card.html(seen))
    cut = re.sub('<span class="ct-alike">[^<]*</span>', "", page)
    assert all(name in re.sub("<[^>]*>", "", page) for name in names)
    assert all(name in tables.text(seen, 200) for name in names)
    assert [name in cut for name in names] == [len(max(names, key=len)) <= 24] * 2
    assert shown in cut


def test_a_retention_with_a_picture_keeps_its_map() -> None:
    """The picture adds the curve; what it shows itself is folded: own days, days, a funnel."""
    weeks = [row(n, base=0, after=n if n else None, step="did B after weeks") for n in range(4)]
    days = [row(0, base=0), *(row(n, base=0, step="did B", from_day=n, to_day=n) for n in (1, 2))]
    for rows, is_map in ((weeks, True), (days, False), ([row(0), row(1)], False)):
        drawn = card.html(standing(rows, [DONE] * len(rows), plotted=True))
        assert ("<details>" in drawn) != is_map
        assert ("ct-heat" in drawn.split("</style>")[1]) == is_map


def test_what_cannot_be_asked_yet_is_not_yet_from_the_beginning() -> None:
    """A retention that runs leaves what is not over blank; its head does not call it asked."""
    rows = [
        row(
            n,
            base=0,
            after=n,
            step="did App Launched after weeks",
            **({"formula": None} if n > 1 else {}),
        )
        for n in range(4)
    ]
    for state in (State.WAITING, State.SUBMITTED, State.FAILED, State.CANCELLED):
        seen = standing(rows, [{"state": state}] * 2)
        assert seen.tally[State.NOT_YET] == 2
        assert seen.tally[state] == 2


def test_rows_that_came_too_late_have_one_reason_whether_they_were_sent_or_not() -> None:
    """It is said once, above the table; and what was wrong until then."""
    why = "; until then: no connection to https://in1.api.clevertap.com"
    jobs = [{"state": State.TIMED_OUT, "error": f"{late}{why}"} for late in TOO_LATE]
    drawn = card.html(standing([row(0), row(1)], jobs))
    assert drawn.count("no connection to") == 1
    assert tables.text(standing([row(0), row(1)], jobs)).count("no connection to") == 1


@pytest.mark.parametrize(("many_rows", "seen", "kept"), [(3, 3, 3), (9, 9, 9), (60, 3, 8)])
def test_trouble_of_the_whole_run_is_said_once(many_rows: int, seen: int, kept: int) -> None:
    """On a line of its own below the head; a row in sight says when it is tried next."""
    note = {"state": State.SUBMITTED, "note": "no connection to https://in1.api", "due": 27.0}
    for outage in ((0.0, 60.0), None):
        rows = replace(many(many_rows, *[note] * many_rows, now=20.0), outage=outage)
        for drawn, often in ((card.live(rows), seen), (card.html(rows), kept)):
            shown = re.sub('title="[^"]*"', "", drawn)
            assert shown.count("no connection to in1.api") == 1
            assert shown.count("trying again in 7 s") == 1
            assert shown.count("next try in") == often
        tried = card.live(replace(rows, now=27.0))
        assert tried.count("trying</bdi>") == seen
    other = many(2, note, note | {"note": "HTTP 429"}, now=20.0)
    assert "the service is busy" in card.live(replace(other, outage=(0.0, 60.0)))


@pytest.mark.parametrize(("of", "known", "is_drawn"), [(7, 2, True), (29, 2, False), (29, 8, True)])
def test_few_days_of_many_are_no_range_of_all(of: int, known: int, is_drawn: bool) -> None:
    """Two days of a month that the journal has say nothing of how the month went."""
    days = many(of, *[DONE] * known).rows
    shown = card.html(standing([row(0)], [DONE], days=days))
    assert ('class="ct-days"' in shown) == is_drawn
