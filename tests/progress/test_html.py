"""What people read of a run: pure text and HTML, from frozen jobs and a time."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser

import pytest
from helpers.plans import row
from hypothesis import given
from hypothesis import strategies as st

from ct_magic.client.jobs import State, Tally
from ct_magic.progress import html as card
from ct_magic.progress import text as words
from ct_magic.progress.row_view import RowView

EVIL = '<script>alert(1)</script><img src=x onerror="alert(2)">'
TURNED = "abc\u202edlrow\u202c\u2066 \u05d0"
VOID = {"br", "img", "input", "meta"}


def job(number: int = 0, **changes: object) -> RowView:
    """A row that is waiting, in the words of `App Launched 2026-11-01`."""
    return replace(RowView(number, row(number)), **changes)  # type: ignore[arg-type]


def named(text: str, **changes: object) -> RowView:
    one = job(**changes)
    return replace(
        one, question=replace(one.question, title=text, text=text, pieces=(("a", text),))
    )


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
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


DONE = {"state": State.SUCCESS, "tally": Tally(7138), "began": 1.0, "ended": 13.0}
STATES = {
    "waiting": {},
    "submitted, next look in 25 s": {"state": State.SUBMITTED, "due": 30.0},
    "polled once, next look in 25 s": {"state": State.SUBMITTED, "polls": 1, "due": 30.0},
    "polled 4 times (HTTP 503), next look in 1 s": {
        "state": State.SUBMITTED,
        "polls": 4,
        "due": 6.0,
        "note": "HTTP 503",
    },
    "waiting (too many at once), next look in 0 s": {"note": "too many at once", "due": 4.0},
    "done: 7,138 profiles": DONE,
    "done: 1 profile": DONE | {"tally": Tally(1)},
    "done: 7,138 profiles, from the journal of 2026-11-20 10:30 UTC": DONE
    | {"taken": datetime(2026, 11, 20, 10, 30, tzinfo=UTC)},
    "failed: HTTP 400: bad dates": {"state": State.FAILED, "error": "HTTP 400: bad dates"},
    "failed: no connection: '%ct resume' fetches it later": {
        "state": State.FAILED,
        "error": "no connection",
        "req_id": "7",
        "lost": True,
    },
    "cancelled": {"state": State.CANCELLED},
    "cancelled: '%ct resume' fetches it later": {"state": State.CANCELLED, "req_id": "7"},
    "timed out": {"state": State.TIMED_OUT},
    "timed out: '%ct resume' fetches it later": {"state": State.TIMED_OUT, "req_id": "7"},
}


@pytest.mark.parametrize("said", STATES)
def test_each_state_is_said_in_words(said: str) -> None:
    """Nobody has to know a colour or a sign; text and HTML say the same."""
    one = job(**STATES[said])
    assert words.state(one, now=5.0) == said
    assert said in words.text([one], 5.0)
    # In HTML the number stands above, large.
    shown = re.sub("done: [0-9,]+ profiles?", "done", said)
    assert shown in " ".join("".join(Page(card.html([one], 5.0)).words).split())


def test_one_count_ends_as_a_large_number_with_its_days() -> None:
    """The number is what one looks for."""
    html = card.html([job(**DONE)], 20.0)
    assert "<b>7,138</b>" in html
    assert "2026-11-01" in html
    assert "12 s" in html


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("many", [1, 3])
def test_foreign_text_is_shown_as_text(many: int, live: bool) -> None:
    """A script in a name or in the service's error is words on the page, never an element."""
    jobs = [named(EVIL, number=n, state=State.FAILED, error=EVIL) for n in range(many)]
    page = Page(card.html(jobs, 0.0, note=EVIL, live=live))
    assert not {"script", "img", "a", "iframe", "link"} & set(page.tags)
    assert not any(name.startswith("on") or name in ("src", "href") for name in page.attributes)
    assert EVIL in "".join(page.words)


@pytest.mark.parametrize("many", [1, 3])
def test_a_right_to_left_name_does_not_turn_the_line_round(many: int) -> None:
    """It stands alone in a <bdi>, and its marks, which reorder what follows, are not passed on."""
    html = card.html([named(TURNED, number=n) for n in range(many)], 0.0)
    assert "\u202e" not in html
    assert "\u2066" not in html
    assert "\u05d0</bdi>" in html
    assert "\u202e" not in words.text([named(TURNED)], 0.0)


@given(st.text(max_size=400), st.text(max_size=400), st.booleans(), st.integers(1, 3))
def test_whatever_the_text_the_html_is_whole(name: str, error: str, live: bool, many: int) -> None:
    """Every element that is opened is closed, and none comes from outside."""

    def failed(title: str, why: str) -> list[RowView]:
        return [named(title, number=n, state=State.FAILED, error=why) for n in range(many)]

    page = Page(card.html(failed(name, error), 0.0, live=live))
    assert page.open == []
    assert page.tags == Page(card.html(failed("x", "y"), 0.0, live=live)).tags
    assert "\n" not in words.line(failed(name, error), 0.0)
    assert words.text(failed(name, error), 0.0).count("\n") == (0 if many == 1 else many)


def test_ten_kilobytes_of_text_are_cut() -> None:
    """A service's error page does not flood the notebook."""
    jobs = [named("x" * 10_000, state=State.FAILED, error="y" * 10_000)]
    assert len(card.html(jobs, 0.0)) < 5_000
    assert len(words.text(jobs, 0.0)) < 1_500
    assert len(words.line(jobs, 0.0)) < 500


def test_many_counts_scroll_past_twenty_rows() -> None:
    """Ninety rows do not push the rest of the notebook away; none of them is missing."""
    html = card.html([job(n) for n in range(90)], 0.0)
    assert "max-height" in html
    assert html.count("<tr>") == 91
    assert 'tabindex="0"' in html, "who has no mouse reaches it, to scroll"
    assert "max-height" not in card.html([job(n) for n in range(20)], 0.0)
    assert "... and 70 more" in words.text([job(n) for n in range(90)], 0.0)


def test_rows_stay_in_the_order_asked_and_bars_are_relative() -> None:
    """The largest count fills its cell, half of it half."""
    counts = [50, 100, 0]
    jobs = [named(f"q{n}", number=n, **DONE | {"tally": Tally(c)}) for n, c in enumerate(counts)]
    html = card.html(jobs, 20.0)
    assert html.index("q0") < html.index("q1") < html.index("q2")
    assert [html.find(f"width:{w}%;border-top:.7em") > 0 for w in ("50.0", "100.0", "0.0")] == [
        True
    ] * 3


def test_the_summary_says_what_is_done_waiting_and_failed() -> None:
    """In numbers, with the time left, estimated from what is known."""
    done = [job(n, **DONE | {"began": 0.0}) for n in range(10)]
    jobs = [*done, job(10, state=State.FAILED, began=0.0, ended=9.0), job(11), job(12)]
    assert words.summary(jobs, 110.0) == "10 of 13 done, 2 waiting, 1 failed, about 20 s left"


def test_nothing_is_estimated_before_something_has_arrived() -> None:
    """Counts from the journal, or cancelled ones, took no time and say nothing of the others."""
    taken = datetime(2026, 11, 20, tzinfo=UTC)
    assert words.seconds_left([job(0, began=0.0), job(1)], 50.0) is None
    jobs = [job(0, **DONE | {"taken": taken}), job(1, began=0.0), job(2)]
    assert words.seconds_left(jobs, 50.0) is None
    jobs = [job(0, state=State.CANCELLED, began=0.0, ended=1.0), job(1, began=0.0)]
    assert words.seconds_left(jobs, 50.0) is None


def test_the_clocks_of_a_live_card_need_no_messages() -> None:
    """The browser counts down by itself; what is saved holds no animation."""
    one = job(state=State.SUBMITTED, due=30.0, began=1.0)
    live = card.html([one], 5.0, live=True)
    assert "--ct-magic-from:25;--ct-magic-to:0;--ct-magic-for:25s" in live
    still = card.html([one], 5.0)
    assert "<style>" not in still
    assert "next look in 25 s" in "".join(Page(still).words)


def test_a_screen_reader_can_find_its_way() -> None:
    """Progress and table have names; signs and bars, which repeat the words, are hidden."""
    html = card.html([job(0, **DONE), job(1)], 20.0)
    assert 'aria-valuemax="2" aria-valuenow="1"' in html
    assert '<table aria-label="counts"' in html
    assert html.count('aria-hidden="true"') == 4
    assert html.count('scope="col"') == html.count("<th ")


def test_what_is_read_out_is_no_clock() -> None:
    """A look or a second is no news; a count that has arrived is."""
    one = job(state=State.SUBMITTED, polls=3, due=30.0)
    assert words.spoken([one]) == words.spoken([replace(one, polls=4, due=60.0)])
    assert words.spoken([job(**DONE)]) == "App Launched - done: 7,138 profiles"
    assert words.spoken([one, job(1, **DONE)]) == "50 % of 2 counts"


def test_a_long_wait_is_told_in_minutes() -> None:
    """The clock that goes on by itself says what the still one says: nobody reads 3,000 s."""
    one = job(state=State.SUBMITTED, due=3030.0, began=0.0)
    clock = "--ct-magic-to:1440;--ct-magic-for:86400s;--ct-magic-begun:-3000s;--ct-magic-unit:'min'"
    assert clock in card.html([one], 3000.0, live=True)
    assert "50 min" in card.html([one], 3000.0)


def kept_untrusted(html: str) -> str:
    """What JupyterLab leaves of the styles of a notebook that is not trusted."""

    def kept(style: re.Match[str]) -> str:
        said = [
            one for one in style[1].split(";") if not re.search(r"var\(|anywhere|clip-path", one)
        ]
        return f'style="{";".join(said)}"'

    return re.sub('style="([^"]*)"', kept, html)


def test_an_untrusted_card_has_its_frame_and_its_bars() -> None:
    """JupyterLab drops every style that needs a variable: what is drawn does not."""
    jobs = [job(0, **DONE), job(1, state=State.FAILED)]
    html = kept_untrusted(card.html(jobs, 20.0))
    assert "var(" not in html
    assert re.search(r'class="ct-magic[^>]*style="border:1px solid rgba', html)
    assert f"background:{card.TRACK}" in html
    for drawn in ("50.0%;border-top:4px", "100.0%;border-top:.7em"):
        assert re.search(rf"width:{drawn} solid #[0-9a-f]{{6}}", html)


def test_dollars_are_no_formula() -> None:
    """A page that sets formulas leaves a query with two variables alone, whoever shows it."""
    for live in (True, False):
        html = card.html([named("a > $low and a < $high")], 0.0, live=live)
        assert re.search(r'class="[^"]*\bmathjax_ignore tex2jax_ignore\b', html)


def test_a_query_is_not_squeezed_by_the_bars() -> None:
    """A long one keeps room for some words in a line, a short one takes no more than it needs."""
    jobs = [named("Added To Cart where Category exists"), named("bought", number=1)]
    assert "min-width:10.6em" in card.html(jobs, 0.0)
    assert "min-width:4.6em" in card.html([named("bought"), named("seen", number=1)], 0.0)
    assert "overflow:auto" in card.html(jobs, 0.0), "what is wider than the page scrolls"


def test_what_every_row_would_say_is_said_once() -> None:
    """Thirty days of one statement are thirty days, not thirty times the statement."""
    html = card.html([job(n) for n in range(30)], 0.0)
    assert html.count("App Launched") == 1
    pieces = (("Category", "Shoes"), ("geo", "India"))
    asked = replace(job().question, pieces=pieces)
    page = Page(card.html([job(n, question=asked) for n in range(3)], 0.0))
    assert "Category, geo" in page.words
    assert page.words.count("Shoes, India") == 3


def test_the_days_that_all_share_are_said_once() -> None:
    """Above the table; where they differ, in a column."""
    assert card.html([named(f"q{n}", number=n) for n in range(3)], 0.0).count("2026-11-01") == 1
    asked = replace(job().question, end=date(2026, 11, 2))
    page = Page(card.html([job(0), job(1, question=asked)], 0.0))
    assert {"days", "2026-11-01", "2026-11-01 to 2026-11-02"} <= set(page.words)


def test_the_bar_over_the_table_tells_done_from_cancelled() -> None:
    """A cell that was stopped does not look like one that arrived."""
    jobs = [job(n, **DONE) for n in range(3)] + [job(3, state=State.CANCELLED)]
    html = card.html(jobs, 20.0)
    assert f"width:75.0%;border-top:4px solid #1976d2;border-color:{card.BAR}" in html
    assert f"width:25.0%;border-top:4px solid #757575;border-color:{card.MUTED}" in html


def test_nothing_is_fetched_and_nothing_runs() -> None:
    """No address, no script, no stylesheet: a panel works offline and in an untrusted notebook."""
    for live in (True, False):
        html = card.html([job(0, **DONE), job(1)], 20.0, "note", live=live)
        assert not any(
            word in html for word in ("http", "url(", "@import", "<script", "javascript")
        )
