"""The language explained: on one page, and word by word with examples. The texts: `help.txt`."""

from __future__ import annotations

import re
from importlib.resources import files

from ct_magic.common.words import suggestions
from ct_magic.errors import UsageError
from ct_magic.rows import Record

_MORE = "More questions, each with its picture: notebooks/recipes.ipynb beside the source."


class Topic(Record):
    """Some words, and the text that explains them; a recipe is for a question of analysts."""

    words: tuple[str, ...]
    text: str
    is_recipe: bool


_HELP = files(__package__).joinpath("help.txt").read_text(encoding="utf-8")
_BLOCK = re.compile(r"^(===?) (.*)\n((?:(?!===? |# ).*\n)*)", re.MULTILINE)
_OVERVIEW, *TOPICS = (
    Topic(tuple(words.split("  ")), body.rstrip(), sign == "===")
    for sign, words, body in _BLOCK.findall(_HELP)
)
PAGE = _OVERVIEW.text + "\n"  # the whole language on one screen


def language() -> str:
    """Return the query language as a text: one page, questions with their cells, and each word."""
    topics = (f"== {', '.join(topic.words)}\n{topic.text}\n" for topic in TOPICS)
    return "\n".join([PAGE, *topics])


def topic(word: str) -> str:
    """Return what a word, sign or question means, with examples that can be run.

    Raises UsageError with the near misses for a word that the language does not have.
    """
    phrase = " ".join(word.lower().split()).rstrip(".") or word.strip()
    chosen = next((topic for topic in TOPICS if phrase in topic.words), None)
    if chosen is None:
        near = suggestions(phrase, words())
        hint = f"did you mean {' or '.join(near)}?" if near else "'%ct help' shows all of it"
        raise UsageError(f"the language has no {word!r}: {hint}")
    if chosen.is_recipe:
        return f"{chosen.text}\n\n{_MORE}\n"
    return f"{', '.join(chosen.words)}\n\n{chosen.text}\n"


def words() -> list[str]:
    """Return every word and phrase that is explained."""
    return [word for topic in TOPICS for word in topic.words]
