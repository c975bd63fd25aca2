"""What the form draws beside its fields: style, JSON, errors, and what stays when it is closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from json import dumps as escaped
from textwrap import dedent

from ct_magic.errors import QueryError
from ct_magic.panel import style
from ct_magic.panel.html import doubted
from ct_magic.planning.preview import pretty

_FITS = 48  # characters of a line that a narrow form shows
_BEFORE = 19  # characters before a mistake that are shown of a longer one
_EDGE = "rgba(128,128,128,.9)"  # of a field: it is seen on white and on black
STYLE = f"""<style>{style.FOCUS}
.ct-magic-form {{ border: 1px solid {style.LINE}; border-radius: 6px; padding: 6px 12px;
  max-width: 80em; container-type: inline-size; overflow: hidden;
  --jp-widgets-input-border-color: {_EDGE}; }}
.ct-magic-form :is(.widget-html, .widget-html-content) {{ min-width: 0; max-width: 100%; }}
.ct-magic-form .widget-html-content {{ line-height: 1.35; }}
.ct-magic-title {{ font-weight: 600; margin-top: 6px; }}
.ct-magic-note {{ color: {style.MUTED}; font-weight: 400; }}
.ct-magic-error {{ color: {style.WRONG}; }}
.ct-magic-error, .ct-magic-said {{ padding: 0 4px 2px; overflow-wrap: anywhere;
  white-space: pre-wrap; }}
.ct-magic-form pre.ct-magic-error {{ color: {style.WRONG}; padding: 2px 4px; }}
.ct-magic-form pre.ct-magic-place {{ white-space: pre; overflow-x: auto; }}
.ct-magic-form summary {{ cursor: pointer; margin: 6px 0 2px; }}
.ct-magic-actions {{ border-top: 1px solid {style.LINE}; padding-top: 6px; }}
.ct-magic-actions .widget-checkbox label {{ display: flex; align-items: center; gap: 6px; }}
.ct-magic-actions .widget-checkbox input {{ margin: 0; }}
.ct-magic-doubt {{ padding: 2px 4px; overflow-wrap: anywhere; }}
.ct-magic-form select {{ appearance: auto; background-image: none; }}
.ct-magic-stale {{ opacity: .45; }}
.ct-magic-unlabelled > label {{ {style.HIDDEN} }}
.ct-magic-form .widget-box {{ overflow: visible; }}
.ct-magic-row {{ position: relative; }}
.ct-magic-problem {{ position: absolute; top: 100%; right: 2px; z-index: 3; margin: 0; width: auto;
  max-width: 100%; display: none !important; pointer-events: none; }}
.ct-magic-row:is(:hover, :focus-within) > .ct-magic-problem {{ display: block !important; }}
.ct-magic-actions .ct-magic-problem {{ top: auto; bottom: 100%; }}
.ct-magic-problem .ct-magic-error {{ background: var(--jp-layout-color1,Canvas);
  border: 1px solid {style.WRONG}; border-radius: 3px; padding: 2px 6px; }}
.ct-magic-wrong input, .ct-magic-wrong textarea {{ border-color: {style.WRONG} !important;
  box-shadow: inset 0 0 0 1px {style.WRONG}; }}
.ct-magic-form pre {{ white-space: pre-wrap; overflow-wrap: anywhere;
  word-break: normal; margin: 0;
  font-size: var(--jp-code-font-size,13px); font-family: var(--jp-code-font-family,monospace);
  line-height: 1.3; background: none; padding: 0; color: inherit; }}
.ct-magic-form .ct-magic-json pre {{ max-height: 17em; overflow: auto;
  background: rgba(128,128,128,.12); padding: 6px 8px; border-radius: 3px; }}
.ct-magic-form textarea {{ font-family: var(--jp-code-font-family,monospace) !important;
  font-size: var(--jp-code-font-size,13px) !important; line-height: 1.35; }}
</style>"""


def head(text: str, note: str = "") -> str:
    """Draw a heading, with a quiet word beside it."""
    beside = f' <span class="ct-magic-note">{escape(note)}</span>' if note else ""
    return f'<div class="ct-magic-title" role="heading" aria-level="2">{escape(text)}{beside}</div>'


def status(text: str, wrong: bool = False) -> str:
    """Draw the lines that say its state."""
    kind = "ct-magic-error" if wrong else "ct-magic-said"
    return f'<div role="status" class="{kind}">{escape(text)}</div>' if text else ""


def caret(error: QueryError | None) -> str:
    """Draw an error of the text: the caret under its place scrolls, the message wraps."""
    if error is None:
        return ""
    *place, message = error.shown(_FITS, _BEFORE).split("\n", 3) if error.source else [str(error)]
    shown = escape("\n".join([*place[:1], dedent("\n".join(place[1:]))]))
    return (
        f'<div role="status"><pre class="ct-magic-error ct-magic-place">{shown}</pre>'
        f'<pre class="ct-magic-error">{escape(message)}</pre></div>'
    )


def note(text: str) -> str:
    """Draw a quiet remark."""
    return f'<span class="ct-magic-note">{escape(text)}</span>' if text else ""


def doubts(texts: Sequence[str]) -> str:
    """Draw what the service may ignore silently."""
    lines = "".join(map(doubted, texts))
    return f'<div role="status" class="ct-magic-doubt">{lines}</div>' if texts else ""


def json(bodies: Sequence[Mapping[str, object]]) -> str:
    """Draw the JSON of the first request, folded."""
    if not bodies:
        return ""
    which = f"1 of {len(bodies):,} requests" if len(bodies) > 1 else "1 request"
    # What is invisible, and what would turn a line round, is spelled, as JSON may.
    spelled = (c if c.isprintable() or c == "\n" else escaped(c)[1:-1] for c in pretty(bodies[0]))
    shown = escape("".join(spelled))
    return (
        f'<details><summary><b>JSON</b> <span class="ct-magic-note">{which}</span></summary>'
        f'<pre tabindex="0" role="region" aria-label="JSON">{shown}</pre></details>'
    )


def kept(cell: str, note: str) -> dict[str, object]:
    """Return what a page without the form shows: the query, to be read and copied."""
    return {
        "text/plain": f"{cell}\n({note})",
        "text/html": f'<div class="ct-magic" style="{style.BOX}">'
        '<pre style="margin:0;white-space:pre-wrap">'
        f'{escape(cell)}</pre><div style="color:{style.MUTED}">{escape(note)}</div></div>',
    }
