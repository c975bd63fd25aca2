"""The commonest values of properties, asked of an account: what `%ct values` shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ct_magic import errors
from ct_magic.client.accounts import Account
from ct_magic.client.jobs import State
from ct_magic.client.journal.journal import open_journal
from ct_magic.client.top_values import (
    LONGEST,
    TOP_VALUES_PATH,
    Group,
    TopValues,
    Value,
    read_top,
    request_body,
)
from ct_magic.counting.asking import ask_unrecorded
from ct_magic.planning.prepare import PreparedCell, today_of
from ct_magic.rows import Plan, question_about
from ct_magic.settings import Settings

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class CommonValues:
    """Each property with its values, the commonest first, and how many *events* had them."""

    event: str
    values: Mapping[Group, tuple[Value, ...]]

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each value: property_type, property, kind, value, events."""
        from ct_magic.results.tables import value_table

        return value_table(
            [
                (group.property_type, group.name, value.kind, value.text, value.events)
                for group, values in self.values.items()
                for value in values
            ]
        )


def property_values(
    query: Mapping[str, Any],
    groups: Sequence[Group],
    account: Account,
    settings: Settings | None = None,
) -> CommonValues:
    """Ask for the values that the events of a query have, wait, and return them.

    `query` is the JSON of one count. Raises CountFailedError where they did not arrive.
    """
    from ct_magic.client.transport import Service

    settings = settings or Settings()
    names = ", ".join(group.name for group in groups)
    question = question_about(query, request_body(query, groups), f"values of {names}")
    plan = Plan((), (question,))
    day = today_of(account, settings)
    cell = PreparedCell(plan, account, settings, day)
    service = Service(account, path=TOP_VALUES_PATH, read=read_top, longest=LONGEST)
    asker = TopValues(service, tuple(groups))
    [job] = ask_unrecorded(cell, open_journal(account), asker)
    values = CommonValues(question.event, {group: asker.of(group) for group in groups})
    if job.state is not State.SUCCESS:
        message = f"the values did not arrive: {job.error or job.state}"
        raise errors.CountFailedError(message, values.frame)
    return values
