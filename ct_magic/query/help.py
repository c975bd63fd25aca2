"""The language explained: on one page, and word by word with examples."""

from __future__ import annotations

from ..errors import UsageError
from ..suggest import suggestions
from .help_topics import TOPICS

PAGE = """\
[label:] event [where] [period] [did ...] [share did ...] [vs] [by]
A statement starts without indentation and goes on over indented lines.

  pizza: choseNewFavoriteFood where value ~ "piz" 2015-08-10..2015-10-25
  Charged where Amount >= 500 and Payment mode = "Credit Card" last 30 days
  App Launched where session.first_time = true and profile.Plan = "Gold" today
  App Launched where geo in ("India/Maharashtra/Mumbai", "Singapore") this month
  loyal: App Launched last 7 days
    did Charged where Amount > 100 last 90 days >= 3
    did not App Uninstalled
  funnel: App Installed last 30 days
    share did Product Viewed
    share did Charged
  Charged last 4 weeks vs previous by week   # a comment

names     App Launched  "2x points"   quoted if they hold a keyword or odd signs
filters   = != ~ !~ > >= < <=         ~ contains; joined by and, or, brackets
          in ("a", "b")   not in ("a")   in 100..500   exists   not exists
values    "text"  5  -2  9.99  true  false  $name (a variable of the notebook)
scopes    session. profile. tech. app. demographics. reachability.   geo
periods   2015-08-10  2015-08  2015-08-10..2015-10-25  today  today-7..yesterday
          since 2015-08-10  last 30 days  this week  last month  last 2 quarters
          none: the last 30 days; inside did also after 2 weeks, before 1 month
did       did E >= 3   did not E   did any (E, F) >= 2
share     a step, counted in those before it: did App Launched after 0..11 weeks
vs        vs previous   vs before 52 weeks   vs 2026-05
by        day week month quarter year hour   first week   day rolling 7 days
          Category in ("a", "b")   week, Category in ("a")
JSON      a statement that starts with { is the API's own JSON
%ct help where explains a word; retention, funnel and overlap are recipes.
"""


def page() -> str:
    """Return the whole language on one screen."""
    return PAGE


def topic(word: str) -> str:
    """Return what a keyword, operator, scope or symbol means, with examples that can be run.

    Raises UsageError with the near misses for a word that the language does not have.
    """
    phrase = " ".join(word.lower().split()).rstrip(".") or word.strip()
    chosen = next((topic for topic in TOPICS if phrase in topic.words), None)
    if chosen is None:
        known = [known for topic in TOPICS for known in topic.words]
        near = suggestions(phrase, known)
        hint = f"did you mean {' or '.join(near)}?" if near else "'%ct help' shows all of it"
        raise UsageError(f"the language has no {word!r}: {hint}")
    examples = "\n\n".join(_indented(example) for example in chosen.examples)
    return f"{', '.join(chosen.words)}\n\n{chosen.text}\n\n{examples}\n"


def _indented(example: str) -> str:
    return "\n".join(f"    {line}" for line in example.split("\n"))
