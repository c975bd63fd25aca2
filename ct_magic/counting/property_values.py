"""The commonest values of properties, asked of an account: what `%ct values` shows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from ct_magic import errors
from ct_magic.client import top_values
from ct_magic.client.accounts import Account
from ct_magic.client.jobs import State
from ct_magic.client.journal.journal import open_journal
from ct_magic.client.top_values import LONGEST, TOP_VALUES_PATH, Group, read_top, values_of
from ct_magic.common.words import harmless
from ct_magic.counting.asking import ask_unrecorded
from ct_magic.planning.prepare import PreparedCell, today_of, zone_of
from ct_magic.query.catalog import Names
from ct_magic.query.doubts import of_property
from ct_magic.query.lexer import Source, tokens
from ct_magic.query.model import ByPlace, ByValue, Property, Scope
from ct_magic.query.parser import parse, statements
from ct_magic.query.payload import FAMILIES, to_payload
from ct_magic.query.printer import property_text, value_text
from ct_magic.rows import Plan, Record, question_about
from ct_magic.session.session import SESSION
from ct_magic.settings import Settings, in_force

if TYPE_CHECKING:
    import pandas as pd

_HOW_TO_ASK = "write 'EVENT [where ...] [PERIOD] by PROPERTY, PROPERTY'"
_TEXTS = ("STR", "ENUM")  # kinds whose values a filter can name; a number's are ranges
TYPES = {scope: key for key, scope in FAMILIES.items()} | {
    Scope.EVENT: "event_properties",
    Scope.SESSION: "session_properties",
}


class CommonValues(Record):
    """The values of each property, the commonest first, each with its number of *events*."""

    event: str
    values: Mapping[Property, tuple[top_values.Value, ...]]

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each value: property_type, property, kind, value, events."""
        from ct_magic.results.tables import VALUE_COLUMNS, table

        known = ((prop, value) for prop, values in self.values.items() for value in values)
        rows = ((TYPES[p.scope], p.name, v.kind, v.text, v.events) for p, v in known)
        return table(rows, VALUE_COLUMNS)

    @property
    def axes(self) -> list[str]:
        """Return for each property the text that counts by its values."""
        lines = []
        for prop in self.values:
            texts, name = ", ".join(map(value_text, self.texts(prop))), property_text(prop)
            numbers = f"# {name} has numbers or no values: write in 0..100"
            lines.append(f"  by {name} in ({texts})" if texts else f"  {numbers}")
        return lines

    def texts(self, prop: Property) -> tuple[str, ...]:
        """Return the values that can be typed: none with a control character, none cut in half."""
        texts = (value.text for value in self.values[prop] if value.kind in _TEXTS)
        return tuple(text for text in texts if "\ufffd" not in harmless(text))

    @property
    def names(self) -> Names:
        """Return what is known of the event by them."""
        known = Names()
        for prop, values in self.values.items():
            of_event = prop.scope is Scope.EVENT
            holder = self.event if of_event else prop.scope.value
            kinds = {"text" if value.kind in _TEXTS else "number" for value in values}
            types = {(holder, prop.name): kinds.pop()} if len(kinds) == 1 else {}
            texts = {prop.name: self.texts(prop)}
            events, scopes = ({holder: texts}, {}) if of_event else ({}, {prop.scope: texts})
            known = known.merged(Names(events, scopes, types=types))
        return known


def property_values(
    text: str,
    params: Mapping[str, object],
    *,
    account: str | Account | None = None,
    top: int = 10,
    today: date | None = None,
    settings: Settings | None = None,
) -> CommonValues:
    """Ask for the commonest values of a count's events, wait, remember and return them.

    `text` is a statement of one count with the properties behind its `by`, else QueryError or
    UsageError. Raises CountFailedError where the values did not arrive.
    """
    from ct_magic.client.transport import Service

    if not isinstance(top, int) or isinstance(top, bool) or not 1 <= top <= top_values.MOST_VALUES:
        raise errors.UsageError(f"top is a whole number from 1 to {top_values.MOST_VALUES}")
    settings, chosen = settings or in_force(), SESSION.account(account)
    day = today or today_of(chosen, settings)
    known, (before, named) = SESSION.given_names(chosen.name), split_properties(text)
    counts = parse(before, params=params, today=day, zone=zone_of(chosen, settings), names=known)
    if (number := len(counts)) != 1:
        raise errors.UsageError(f"values are of one count, and this is {number}: {_HOW_TO_ASK}")
    query, groups = to_payload(counts[0]), dict[Property, Group]()
    for typed in named:
        prop = read_property(typed)
        doubt = next(of_property(prop, query["event_name"], known), None)
        if doubt and typed[:1] not in "\"'":
            end = "" if doubt.endswith("?") else "."
            raise errors.UsageError(f"{doubt}{end} Quoted, it is asked as it is")
        groups[prop] = Group(TYPES[prop.scope], prop.name, top)
    asked = tuple(groups.values())
    about = f"values of {', '.join(group.name for group in asked)}"
    question = question_about(query, top_values.request_body(query, asked), about)
    cell = PreparedCell(Plan((), (question,)), chosen, settings, day)
    service = Service(chosen, path=TOP_VALUES_PATH, read=read_top, longest=LONGEST)
    [job] = ask_unrecorded(cell, open_journal(chosen), service)
    listed = values_of(job.tally, asked)
    found = CommonValues(question.event, dict(zip(groups, listed, strict=True)))
    if job.state is not State.SUCCESS:
        why = top_values.explained(job.error or str(job.state), asked)
        message = f"the values did not arrive: {why}"
        raise errors.CountFailedError(message, found.frame)
    SESSION.know(found.names, chosen.name, "values")
    return found


def split_properties(text: str) -> tuple[str, list[str]]:
    """Return the statement before the last `by`, and the properties behind it as typed."""
    parts = list(tokens(Source(text)))
    places = [number for number, token in enumerate(parts) if token.type == "BY"]
    if not places:
        raise errors.UsageError(f"there is no 'by' with the properties: {_HOW_TO_ASK}")
    by = parts[places[-1]]
    commas = [t.start for t in parts[places[-1] + 1 :] if t.type == "COMMA"]
    edges = [by.end, *(start + 1 for start in commas)]
    ends = [*commas, len(text)]
    return text[: by.start], [text[a:b].strip() for a, b in zip(edges, ends, strict=True)]


def read_property(text: str) -> Property:
    """Return the property that a text names; raise UsageError for one that it does not."""
    try:
        (statement,) = statements(f'E by {text} in ("x")')
    except (errors.QueryError, ValueError):
        raise errors.UsageError(f"{text!r} is no property: {_HOW_TO_ASK}") from None
    axis, *others = getattr(statement, "by", ()) or (None,)
    if isinstance(axis, ByValue) and not others:
        return axis.property
    if isinstance(axis, ByPlace) and not others:
        unknown = "it is undocumented by which names the API lists countries and cities"
        cure = 'name the places yourself, as in by geo in ("India/Goa", "Singapore")'
        raise errors.UsageError(f"{unknown}, and it knows no paths: {cure}")
    raise errors.UsageError(f"{text!r} has no list of values that the API gives: {_HOW_TO_ASK}")
