"""Colours: the editor's lexer sees what the language's lexer sees."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import pytest
from helpers.browser import EXTENSION, ROOT, Desks, page
from helpers.language_inputs import broken, corpus

from ct_magic.query.lexer import (
    API_NAMES,
    CONTEXTUAL,
    DATES,
    KEYWORDS,
    Source,
    Token,
    in_context,
    tokens,
)
from ct_magic.query.model import Scope

pytestmark = pytest.mark.browser

Piece = tuple[str | None, str]
KINDS: dict[str, str | None] = {
    **dict.fromkeys(["STRING", "OPEN"], "string"),
    **dict.fromkeys(DATES, "date"),
    **dict.fromkeys(["TRUE", "FALSE"], "constant"),
    **dict.fromkeys(["OPENING", "CLOSING"], "paren"),
    **dict.fromkeys(["ODD_DATE", "GLUED", "HABIT", "BAD"]),
    **{kind: kind.lower() for kind in ("NUMBER", "PARAM", "COMMA", "DOT", "COLON")},
}
JSON_PART = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*"(?=\s*:))|(?P<string>"(?:[^"\\]|\\.)*"?)'
    r"|(?P<number>-?[0-9.]+(?:[eE][+-]?[0-9]+)?)|(?P<constant>true|false|null)|(?P<bracket>[][{}])"
    r"|(?P<comma>,)|(?P<colon>:)"
)
GOES_ON = re.compile(rf"\b({'|'.join(CONTEXTUAL)})[ \t]*(\r\n?|\n)[ \t]+\S", re.IGNORECASE)
README = re.findall(r"```ctcount\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
# As an editor does: line by line, each from its beginning, the state kept.
READ = """async ([source, texts]) => {
  const { start, next } = await import("data:text/javascript," + encodeURIComponent(source));
  return texts.map((text) => {
    const found = [], state = { ...start(), head: false };
    for (const line of text.split(/\\r\\n?|\\n/))
      for (let at = 0, token; at < line.length; at = token.end) {
        token = next(line, at, state);
        found.push([token.kind, line.slice(at, token.end)]);
      }
    return found;
  });
}"""


def in_the_browser(desks: Desks, texts: list[str]) -> list[list[Piece]]:
    """Read texts with the labextension's lexer: what it colours, comments left out."""
    source = (EXTENSION / "static" / "lexer.js").read_text(encoding="utf-8")
    with page(desks.browser()) as empty:
        read = empty.evaluate(READ, [source, texts])
    return [
        [(kind, text) for kind, text in pieces if kind not in (None, "comment")] for pieces in read
    ]


def in_python(text: str) -> list[Piece]:
    """Read a text with ct_magic.lexer, in the labextension's words."""
    source, statements = Source(text), list[list[Token]]()
    for token in tokens(source):
        if source.begins_line(token.start) or not statements:
            statements.append([])
        statements[-1].append(token)
    read = [piece for line in statements for piece in pieces(source, in_context(line))]
    return [(kind, text) for kind, text in read if kind]


def pieces(source: Source, line: list[Token]) -> Iterator[Piece]:
    label = label_of(source, line)
    if label:
        yield "label", source.text[line[0].start : line[label - 1].end]
    for token, after in zip(line[label:], [*line[label + 1 :], None], strict=True):
        if token.type == "JSON":
            yield from ((m.lastgroup, m[0]) for m in JSON_PART.finditer(token.text))
        else:
            yield kind(token, after), token.text


def label_of(source: Source, line: list[Token]) -> int:
    """Count the tokens of the label: what stands before a colon on the statement's first line."""
    colon = next((at for at, token in enumerate(line) if token.type == "COLON"), 0)
    types = [token.type for token in line[:colon]]
    may = types == ["STRING"] or set(types) == {"WORD"}
    at_line_start = source.begins_line(line[0].start)
    on_one_line = "\n" not in source.text[line[0].start : line[colon].end]
    return colon if may and at_line_start and on_one_line else 0


def kind(token: Token, after: Token | None) -> str | None:
    if token.type == "WORD":
        is_scope = token.text in {scope.value for scope in Scope} and after and after.type == "DOT"
        return "scope" if is_scope else "name"
    if token.type in KINDS:
        return KINDS[token.type]
    is_word = token.type.lower() in KEYWORDS and token.text not in API_NAMES.keys() - KEYWORDS
    return "keyword" if is_word or token.type.lower() in CONTEXTUAL else "operator"


def test_both_lexers_see_the_same(desks: Desks) -> None:
    """Every token of good and broken queries has one kind, in Python and in the editor."""
    rng, cells = random.Random(1), corpus()
    torn = (broken(rng, cells) for _ in range(1000))
    # What is left of torn JSON is nobody's language.
    # And an editor reads a line at a time: whether `by quarter` goes on below, it cannot know.
    texts = [*cells, *README, *(cell for cell in torn if "{" not in cell)]
    texts = [text for text in texts if not GOES_ON.search(text)]
    for text, pieces in zip(texts, in_the_browser(desks, texts), strict=True):
        assert pieces == in_python(text), text


# Texts that read the rest of the line at every word, of which a page of 32 kB froze an editor.
LONG = ["where a ", "contains ", "equals b ", "by first ", "a : ", '"\\', "("]
LONG_READ = """async ([source, bits]) => {
  const { start, next } = await import("data:text/javascript," + encodeURIComponent(source));
  const took = (head, line) => {
    const begun = performance.now(), state = { ...start(), head };
    for (let at = 0; at < line.length; ) at = next(line, at, state).end;
    return performance.now() - begun;
  };
  const begin = (bit) => (bit.startsWith('"') ? '"' : "A where b ");
  const line = (bit) => begin(bit) + bit.repeat((1 << 18) / bit.length);
  return bits.map((bit) => took(bit.startsWith('"'), line(bit)));
}"""


def test_a_long_line_is_coloured_in_the_time_that_it_takes_to_read(desks: Desks) -> None:
    """An editor colours at each key: 256 kB, whatever they repeat, are read at once."""
    source = (EXTENSION / "static" / "lexer.js").read_text(encoding="utf-8")
    with page(desks.browser()) as empty:
        took = empty.evaluate(LONG_READ, [source, LONG])
    assert len(took) == len(LONG)
    assert max(took) < 5_000  # on a busy machine; the square would take minutes
