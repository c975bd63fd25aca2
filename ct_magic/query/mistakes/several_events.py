"""Several events where one is expected: `A -> B`, `A then B`, `A and B`, `A but not B`.

What was meant is written out with the events and the period that were typed, so that it can be
pasted: a hint about other events would have to be translated first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from ct_magic.query.lexer import Source, Token, in_context, tokens
from ct_magic.query.mistakes.stop import PERIOD, Mistake, Reach, Stop, typed
from ct_magic.query.mistakes.words import ARROWS, FUNNEL
from ct_magic.rows import Record

_NAME_TOKENS = ("WORD", "STRING")
_JOINERS = ("AND", "OR", "NOT", "OVER", "HABIT", "BAD")
_ENDS = ("BY", "DID", "SHARE", "VS", "$END")  # what may come behind the names and their period
_MOST = 6  # tokens of a joiner: an arrow of three signs, `and then they`
THEN, BOTH, EITHER, NOT = "then", "both", "either", "not"
_SIGNS = {
    **dict.fromkeys(("then", "followed", ","), THEN),
    **dict.fromkeys(("and", "&", "&&", "+"), BOTH),
    **dict.fromkeys(("or", "|", "||"), EITHER),
    "not": NOT,
}


class _Joined(Record):
    """Some events, what joins them, where they end, and what the statement says behind them."""

    events: tuple[str, ...]
    joiners: frozenset[str]
    text: str
    end: int
    period: str
    rest: str

    def all_of(self, clause: str) -> str:
        """Return the statement that asks for the first event and, in clauses, for the others."""
        first, *others = self.events
        clauses = (f"{clause} {event}" for event in others)
        return " ".join(filter(None, (first, self.period, *clauses, self.rest)))


def with_own_events(message: str, line: Sequence[Token], reach: Reach) -> str:
    """Return the message with the funnel that was typed in the place of the usual example."""
    several = _read(line) if FUNNEL in message else None
    if several is None or several.joiners != {THEN}:
        return message
    own = several.all_of("share did")
    return message.replace(FUNNEL, f"write {own}") if _is_statement(own, reach) else message


def joined(stop: Stop) -> Mistake | None:
    """Explain `A and B`, `A or B`, `A but not B`, and arrows."""
    several = _read(stop.line) if stop.is_(*_JOINERS) else None
    message = _joined_sentence(several, stop.reach) if several and stop.at < several.end else None
    return stop.mistake(message + _as_name(several)) if message else None


def _joined_sentence(several: _Joined | None, reach: Reach) -> str | None:
    if several is None or len(several.joiners) != 1:
        return None
    (kind,) = several.joiners
    if kind == THEN:
        return f"for a funnel {FUNNEL}"
    own = several.all_of("did not" if kind == NOT else "did")
    if not _is_statement(own, reach):
        return None
    if kind == EITHER:
        return _or_cure(several, own)
    deeds = "did the first and not the other" if kind == NOT else "did both"
    return f"for those who {deeds} write {own}"


def _or_cure(several: _Joined, both: str) -> str:
    alone = [" ".join(filter(None, (event, several.period))) for event in several.events]
    if len(alone) > 2:
        return "events are not joined by 'or'; another event goes on a line of its own"
    return f"those who did either are {alone[0]} plus {alone[1]} less {both}, three statements"


def _as_name(several: _Joined | None) -> str:
    if several is None or several.joiners == {THEN} or '"' in several.text or "'" in several.text:
        return ""
    return f'; a name that holds it is quoted, "{several.text}"'


def _read(line: Sequence[Token]) -> _Joined | None:
    """Read names with joiners between them, a period, and what follows; None for anything else."""
    begin = 1 + next((at for at, token in enumerate(line) if token.type == "COLON"), -1)
    if begin < len(line) and line[begin].text == "funnel":
        begin += 1
    words = [*line[begin:]]
    if not words or words[-1].type != "$END":
        words.append(Token("$END", "", words[-1].end if words else 0))
    end = _end_of_names(words)
    parts = list(_parts(words[:end]))
    events = tuple(typed(part) for part in parts[::2])
    last = next((at for at in range(end, len(words)) if words[at].type in _ENDS), -1)
    is_period = last == end or words[end].type in PERIOD
    if len(events) < 2 or not all(events) or last < 0 or not is_period:
        return None
    return _Joined(
        events=events,
        joiners=frozenset(kind for part in parts[1::2] if (kind := _joins(part))),
        text=typed(words[:end]),
        end=begin + end,
        period=typed(words[end:last]),
        rest=typed(words[last:-1]),
    )


def _end_of_names(line: Sequence[Token]) -> int:
    at = 0
    while at < len(line) and (line[at].type in _NAME_TOKENS or _joint_length(line, at)):
        at += max(1, _joint_length(line, at))
    return at


def _parts(line: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """Yield a name, a joiner, a name and so on."""
    at = begin = 0
    while at < len(line):
        length = _joint_length(line, at)
        if length:
            yield line[begin:at]
            yield line[at : at + length]
            begin = at = at + length
        else:
            at += 1
    yield line[begin:]


def _joint_length(line: Sequence[Token], at: int) -> int:
    """Return how many tokens join two events here; 0 where none does."""
    lengths = (n for n in range(_MOST, 0, -1) if at + n < len(line) and _joins(line[at : at + n]))
    return next(lengths, 0)


def _joins(part: Sequence[Token]) -> str | None:
    """Return how these tokens together join two events, as in `A and then B`."""
    words = [token.text.lower() for token in part]
    if len(words) > 1 and words[0] in ("and", "but"):
        return _joins(part[1:])
    if words == ["followed", "by"]:
        return THEN
    if len(words) == 1 and words[0] in _SIGNS:
        return _SIGNS[words[0]]
    sign, is_one = "".join(words), all(left.end == right.start for left, right in pairwise(part))
    is_arrow = sign in ARROWS or (sign[-1] == ">" and not sign.strip("-=>"))
    return THEN if is_one and is_arrow else None


def _is_statement(text: str, reach: Reach) -> bool:
    line = [*tokens(Source(text)), Token("$END", "", len(text))]
    return reach(in_context(line)) == len(line)
