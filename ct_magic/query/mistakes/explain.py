"""Where the grammar stops: what was found, what could come there, and what was likely meant.

How it works. Where the grammar refuses a token, this makes a `Stop`: the statement's tokens and the
place, with questions to the grammar (what may follow some tokens, how far it accepts a changed
line). Then GUESSES are tried in their order, and the first one that returns a message wins:

1. what is wrong in any context: a text cut short, a sign that no rule has;
2. what people write in other words (`rewrites`), also several events where one is expected: a
   pattern, and a cure that is put in its place and shown only where the grammar accepts it; days in
   words (27 Nov, Q3) likewise;
3. words of other languages (`words.txt`), and misspelt keywords: the other word is tried in their
   place, and proposed only where the grammar gets further with it;
4. what may be in a statement, but not there: the most similar wrong cell of `misplaced.txt` gives
   the message. This covers most mistakes; the others repeat what was typed, which it cannot.

Without a guess the message lists what the grammar expects. Hints with names repeat those that were
typed, so that they can be pasted. Rule: `query/README.md`, "Promises", 4.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial

from ct_magic.errors import QueryError
from ct_magic.query.lexer import API_NAMES, CONTEXTUAL, Source, tokens
from ct_magic.query.mistakes import rewriting, words
from ct_magic.query.mistakes.examples import misplaced_token
from ct_magic.query.mistakes.stop import Line, Mistake, Stop, in_words


def explain_mistake(line: Line, at: int, today: date | None = None) -> Mistake:
    """Explain why the token at `at` cannot come there; the line ends with `$END`."""
    stop = Stop(line, at, today)
    for guess in GUESSES:
        if mistake := guess(stop):
            return mistake
    expected = in_words(stop.expected, stop.around(-1).type)
    return stop.mistake(expected + words.keyword_in_name(stop))


def _out_of_order(stop: Stop) -> Mistake | None:
    """Explain what may be in a statement, but not there."""
    message = misplaced_token(stop)
    if message is None:
        return None
    if stop.is_("$END") and message.startswith("write by"):
        return stop.mistake(message, stop.at - 1)  # `by hours`: the word itself is wrong
    if stop.is_("$END") and stop.is_axis() and message.startswith("say which values"):
        message += _values_command(stop)
    is_before_did = stop.around(1).type == "DID"
    is_clause = stop.is_("WHERE", "AND", "OR") or (stop.is_("SHARE") and is_before_did)
    begins = stop.at == 0 and not is_clause
    inside = stop.after("WORD") and not is_before_did
    name = words.keyword_in_name(stop) if begins or inside or stop.is_axis() else ""
    return stop.mistake(message + name)


def _values_command(stop: Stop) -> str:
    """Return which command shows the values there are, of `by Category`."""
    by = max(at for at, token in enumerate(stop.line) if token.type in ("BY", "COMMA"))
    event, axis = stop.typed(0, stop.ahead("WORD", "STRING", at=0)), stop.typed(by + 1, stop.at)
    # The API lists the values of an event's own properties.
    is_listed = event and not stop.has("COLON") and "." not in axis
    return f"; '%ct values {event} by {axis}' shows them" if is_listed else ""


# The first one that returns a message wins.
GUESSES: tuple[Callable[[Stop], Mistake | None], ...] = (
    words.text_cut_short,
    words.keywords_in_capitals,
    rewriting.day_in_words,
    rewriting.rewritten,
    words.odd_token,
    words.label_with_keyword,
    words.foreign_word,
    words.misspelt_word,
    partial(rewriting.rewritten, late=True),
    words.unquoted_text,
    words.number_in_name,
    _out_of_order,
)


# The cure of an error: what its message says, put into the text. Only what the message says about
# this text is tried, never an example; and since any words put in the wrong place may become part
# of a name, a cure adds no word that is not in the text or the message, and none twice.

_LONGEST_TRIED = 2_000  # characters of a text whose cures are tried
_MEANT = re.compile(r"did you mean '(.+?)'\?")
_QUOTED = re.compile(r"""^[^;]*? (?:is|are) quoted, ("[^"]+"|'[^']+')$""")
_WRITE = re.compile(r"^[^;]*\b(write|is written) ([^;]+?)(?=, as in |; | for |$)")
_AWAY = re.compile(r"take '(.+?)' away")
# Several things are said, not all of one, an example.
_OPEN = re.compile(r" or |, and |\u2026|2015-")
_HALF = re.compile(r"\b(at|is|no|not|does|more|less|than|of) $")  # of what the cure replaces


def cures(error: QueryError, text: str) -> Iterator[str]:
    """Yield the texts that may be what was meant; the caller tries whether they are read."""
    source, message = Source(text), error.message
    if not error.source or len(text) > _LONGEST_TRIED:
        return
    begin = source.offset(error.line, 1)
    start = begin + error.column - 1
    place = start, start + error.length
    if meant := _MEANT.search(message):
        yield _changed(source, place, meant[1])
    elif away := _AWAY.search(message):
        at = source.text.find(away[1], begin)
        yield source.text[:at].rstrip() + source.text[at + len(away[1]) :]
    elif quoted := _QUOTED.search(message):
        at = source.text.find(quoted[1][1:-1], begin)
        yield _changed(source, (at, at + len(quoted[1]) - 2), quoted[1])
    elif (said := _WRITE.search(message)) and _is_of(said[2], source, said[1] == "write"):
        yield from _put(source, place, said[2])


def _is_of(said: str, source: Source, may_count: bool) -> bool:
    """Return True if a cure is about this text: it repeats its names, and its numbers."""
    numbers = {run.lstrip("0") for run in re.findall("[0-9]+", said)}
    typed = {run.lstrip("0") for run in re.findall("[0-9]+", source.text)}
    is_known = _names_in(said) <= _names_in(source.text) and (may_count or numbers <= typed)
    return is_known and not _OPEN.search(said)


def _put(source: Source, place: tuple[int, int], said: str) -> Iterator[str]:
    """Yield the text with this in the place of what it repeats, or of what is underlined."""
    text, spoken, under = source.text, _names_in(said), _names_in(source.text[slice(*place)])
    line = [t for t in tokens(source) if source.line(t.start) == source.line(place[0])]
    behind = (t.text for t in line if t.start >= place[1])
    tail = {word for word in behind if word[0].isalnum() or word[0] in "'\""}
    ends = [place[1], line[-1].end] if tail <= set(said.replace(",", " ").split()) else [place[1]]
    word = said.split(" ")[0]
    begins = [token for token in line if token.start < place[0] and token.text == word]
    regions = [
        (token.start, end)
        for end in ends
        for token in begins[-1:]  # the nearest
        if _names_in(text[token.start : end]) - under <= spoken
    ]
    regions += [] if _HALF.search(text[: place[0]]) else [place]
    for start, end in regions:
        changed = _changed(source, (start, end), said)
        around = _names_in(text[line[0].start : start]) | _names_in(text[end : line[-1].end])
        if not spoken & around and _names_in(changed) <= _names_in(text) | spoken:
            yield changed


def _changed(source: Source, place: tuple[int, int], said: str) -> str:
    return source.text[: place[0]] + said + source.text[place[1] :]


def _names_in(text: str) -> set[str]:
    words = {t.text for t in tokens(Source(text)) if t.type in ("WORD", "STRING")}
    return words - {*CONTEXTUAL, *API_NAMES}
