"""How a panel looks: its colours, its frame, and the sheet that every card brings along."""

from __future__ import annotations

import re
from html import escape

from ct_magic.common.words import plain

# Colours of the front end's own theme, with a fallback for pages that have none.
INK = "var(--jp-content-font-color1,#212121)"
MUTED = "var(--jp-ui-font-color2,#616161)"
_PAGE = "var(--jp-layout-color0,#ffffff)"
BAR = "var(--jp-brand-color1,#1976d2)"
WRONG = "var(--jp-error-color1,#c62828)"
RIGHT = "var(--jp-success-color0,#1b5e20)"
# The light theme's own has 3.8 to 1.
DOUBT = f"color-mix(in srgb,var(--jp-warn-color0,#8a4b00) 75%,{INK})"
# Those of the editor above, so that a query looks below as it does there.
KEYWORD = "var(--jp-mirror-editor-keyword-color,#008000)"
TEXT = "var(--jp-mirror-editor-string-color,#ba2121)"
NUMBER = "var(--jp-mirror-editor-number-color,#006400)"
# These are seen on white and on black, and need no theme: an untrusted notebook keeps no variable.
LINE = "rgba(128,128,128,.4)"
HAIR = "rgba(128,128,128,.18)"
TRACK = "rgba(128,128,128,.25)"
BOX = (
    f"border:1px solid {LINE};border-radius:8px;padding:10px 14px;margin:2px 0;"
    "box-sizing:border-box;max-width:920px;line-height:1.45;overflow-wrap:break-word"
)
CODE = "background:none;padding:0;white-space:pre-wrap"
NUMBER_STYLE = "font-variant-numeric:tabular-nums"
HIDDEN = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)"
# A page sets what stands between two dollars as a formula, also a query's `$low and $high`.
CLASS = "ct-magic mathjax_ignore tex2jax_ignore"
_ROW = 26  # pixels of a row: the buttons beside a live table are as high
_HEAD = 24  # pixels of its head
BESIDE = 92  # pixels for the buttons beside a live card
NOTE = 205  # pixels of a table's last column while it runs
_NARROW = 760  # pixels of a card below which the last days of pieces are left out
_SHORT = 104  # pixels of the last column there

# A page shows by a shade what has the focus and what is a button; forced colours have no shades.
OURS = ":is(.ct-magic-panel, .ct-magic-form, .ct-magic)"
FOCUS = f"""
{OURS} :is(button, input, textarea, select, summary, pre, [tabindex]):focus-visible {{
  outline:2px solid {BAR} !important;outline-offset:1px }}
@media (prefers-contrast:more) {{
  {OURS} {{ --jp-ui-font-color2:var(--jp-ui-font-color1) }} }}
@media (forced-colors:active) {{ {OURS} button {{ border:1px solid }} }}"""
# Rows behind a disclosure are folded only in a notebook that is open: a page that was exported
# or printed shows them all.
SHEET = f"""<style>{FOCUS}
.ct-magic {{ font-size:13px;{NUMBER_STYLE} }}
.ct-magic code.ct-q {{ font-size:12.5px }}
.ct-magic .ct-head {{ display:flex;flex-wrap:wrap;gap:0 14px;align-items:baseline;margin-top:4px }}
.ct-magic .ct-head > .ct-rest {{ flex:1 1 14em;min-width:0 }}
.ct-magic:not(.ct-magic-live) > .ct-asked {{ padding-right:{BESIDE}px }}
.ct-magic .ct-one {{ min-height:38px }}
.ct-magic .ct-part {{ display:inline-block;vertical-align:top }}
.ct-magic .ct-over {{ display:flex;flex-wrap:wrap;gap:4px 24px;
  align-items:flex-start }}
.ct-magic .ct-over > :first-child {{ flex:3 1 280px;min-width:0 }}
.ct-magic .ct-fold {{ flex:1 1 190px;max-width:320px;margin-left:auto;display:grid;gap:2px 12px;
  grid-template-columns:fit-content(110px) minmax(60px,1fr) auto;align-items:center;
  line-height:1.25 }}
.ct-magic .ct-line {{ display:contents }}
.ct-magic :is(.ct-line,.ct-fold) > * {{ overflow:hidden;text-overflow:ellipsis;white-space:nowrap }}
.ct-magic .ct-fold svg {{ display:block;width:100% }}
.ct-magic-panel, .ct-magic:not(.ct-magic-live) {{ container-type:inline-size }}
.ct-magic table.ct-rows {{ width:100%;table-layout:fixed;border-collapse:collapse;margin:12px 0 0;
  font-size:13px;border:0;color:inherit }}
.ct-magic table.ct-rows :is(td,th) {{ height:{_ROW}px;box-sizing:border-box;padding:0 10px 0 0;
  white-space:nowrap;overflow:hidden;text-overflow:ellipsis;vertical-align:middle;
  font-weight:400;background:none;max-width:none;text-align:right }}
.ct-magic table.ct-rows th {{ height:{_HEAD}px;color:{MUTED};font-size:12px }}
.ct-magic table.ct-rows tbody tr {{ border-top:1px solid {HAIR};background:none }}
.ct-magic table.ct-rows tbody tr:hover {{ background:{HAIR} }}
.ct-magic .ct-track + :is(table, :has(> table)) {{ margin-top:2px }}
.ct-magic .ct-track + div > table.ct-rows {{ margin-top:0 }}
.ct-magic .ct-state {{ overflow:hidden;text-overflow:ellipsis }}
.ct-magic:not(.ct-magic-live) :is(.ct-state,.ct-step) {{ white-space:normal;
  overflow-wrap:anywhere }}
.ct-magic:not(.ct-magic-live) table :is(.ct-state,.ct-step) {{ padding:2px 0 }}
.ct-magic .ct-step {{ overflow:hidden;text-overflow:ellipsis }}
.ct-magic:not(.ct-magic-live) .ct-step {{ display:-webkit-box;-webkit-box-orient:vertical;
  -webkit-line-clamp:3 }}
.ct-magic table.ct-heat {{ min-width:calc(250px + 42px*var(--ct-magic-columns)) }}
.ct-magic table.ct-heat td {{ text-align:center;border:2px solid {_PAGE};border-radius:4px;
  padding:0 }}
.ct-magic table.ct-heat td:first-child {{ border-left:0 }}
.ct-magic table.ct-heat th:nth-child(3) {{ overflow:visible }}
.ct-magic .ct-percent {{ display:none }}
@container (max-width:{_NARROW}px) {{
  .ct-magic .ct-end, .ct-magic table .ct-live {{ display:none }}
  .ct-magic col.ct-days {{ width:92px !important }}
  .ct-magic col.ct-name {{ width:140px !important }}
  .ct-magic col.ct-note {{ width:{_SHORT}px !important }}
  .ct-magic col.ct-said {{ width:{_SHORT + BESIDE}px !important }}
  .ct-magic col.ct-silent {{ width:0 !important }}
  .ct-magic table.ct-heat th:first-child {{ white-space:normal;line-height:1.1 }}
  .ct-magic table.ct-heat {{ min-width:calc(140px + 29px*var(--ct-magic-columns)) }}
  .ct-magic table.ct-heat col:nth-child(2) {{ width:60px !important }}
  .ct-magic table.ct-wide .ct-sign {{ display:none }}
  .ct-magic table.ct-wide .ct-percent {{ display:inline }} }}
.ct-magic summary {{ color:{MUTED};cursor:pointer;width:max-content;margin-top:4px }}
.ct-magic details::details-content {{ content-visibility:visible;display:block }}
.jp-NotebookPanel .ct-magic details:not([open])::details-content {{ content-visibility:hidden;
  display:none }}
@media print {{ .ct-magic details::details-content, .jp-NotebookPanel .ct-magic
  details:not([open])::details-content {{ content-visibility:visible;display:block }} }}
.jp-NotebookPanel .ct-scroll {{ overflow:auto;max-height:40em }}
@media print {{ .jp-NotebookPanel .ct-scroll {{ max-height:none }} }}
</style>"""
# What only a live panel has: its frame, its buttons, and a countdown that needs no messages: the
# browser animates a whole number down to nothing.
LIVE = f"""<style>
.ct-magic-panel {{ {BOX};overflow:hidden }}
.jp-OutputArea-output > .ct-magic-panel {{ margin-right:20px }}
.ct-magic-panel .widget-html-content {{ min-width:0;line-height:1.45 }}
.ct-magic-panel .widget-html {{ height:auto;margin:0 }}
.ct-magic-panel > .widget-box, .ct-magic-panel .ct-magic-beside {{ overflow:visible }}
.ct-magic-panel button {{ border-radius:6px;border:1px solid {LINE};background:{_PAGE};color:{INK};
  font-size:13px;line-height:1;box-shadow:none }}
.ct-magic-panel button:hover {{ background:{HAIR} }}
.ct-magic-panel .ct-magic-x {{ height:{_ROW}px;border-color:transparent;background:none;
  margin:0;padding:0 6px;color:{MUTED} }}
.ct-magic-panel .ct-magic-x:focus-visible {{ outline-offset:-2px }}
.ct-magic-panel .ct-magic-x:hover {{ color:{INK};text-decoration:underline }}
.ct-magic-panel .ct-magic-x:disabled {{ visibility:hidden }}
.ct-magic.ct-magic-live {{ padding:0;line-height:1.45 }}
@keyframes ct-magic-hide {{ to {{ visibility:hidden }} }}
.ct-magic-ends {{ animation: ct-magic-hide 1ms var(--ct-magic-for) forwards; }}
@property --ct-magic-n {{ syntax: "<integer>"; initial-value: 0; inherits: false; }}
@keyframes ct-magic-count {{ from {{ --ct-magic-n: var(--ct-magic-from); }}
  to {{ --ct-magic-n: var(--ct-magic-to); }} }}
.ct-magic-down::after, .ct-magic-up::after {{
  animation: ct-magic-count var(--ct-magic-for) linear var(--ct-magic-begun, 0s) forwards;
  counter-reset: ct-magic-n var(--ct-magic-n);
  content: counter(ct-magic-n) "\\a0" var(--ct-magic-unit, "s"); }}
</style>"""


def bar(percent: float, height: str, colour: str, *, hollow: bool = False) -> str:
    """Return a bar: a border and no background, so that it is printed, too."""
    plain = colour.rstrip(")").rpartition(",")[2]
    if hollow:  # of a piece that is not whole
        drawn = f"height:5px;border:1px dashed {plain};border-color:{colour};box-sizing:content-box"
    else:
        drawn = f"border-top:{height} solid {plain};border-color:{colour}"
    return f'<div style="width:{percent:.1f}%;{drawn};border-radius:2px"></div>'


# A query's text -> HTML in the colours of the editor; it refuses nothing.

_LONGEST = 2000  # characters of a statement that are shown
COLOURED_WORDS = (
    *("where", "and", "or", "in", "not", "exists", "did", "any", "by", "from", "to", "on"),
    *("last", "this", "today", "yesterday", "since", "true", "false"),
    *("share", "after", "before", "vs", "day", "days", "week", "weeks", "month", "months"),
    *("quarter", "quarters", "year", "years"),
)
# Words in one place, names anywhere else.
PLACED = (
    r"first(?=\ (?:day|week|month|quarter|year)\b)",
    r"rolling(?=\ \d)",
    r"(?<=vs\ )previous",
    r"(?:(?<=by\ )|(?<=,\ ))hour(?=,|$|\ *\#)",
)
PIECE = re.compile(
    rf"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<number>(?<![\w$])\d[\d.:-]*)
    | (?P<word>(?<![\w$.])(?:{"|".join((*COLOURED_WORDS, *PLACED))})(?![\w$]))""",
    re.VERBOSE,
)
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
WHOLE = "display:inline-block"
_COLOURS = {"text": TEXT, "number": NUMBER, "word": KEYWORD}


def coloured(text: str) -> str:
    """Return a query as HTML: its words, texts and numbers in colour; its lines stay lines."""
    return "\n".join(_line(line) for line in text[:_LONGEST].splitlines())


def unbroken(html: str) -> str:
    """Return words in HTML whose days are not broken behind a hyphen."""
    return _DAY.sub(rf'<span style="{WHOLE}">\g<0></span>', html)


def _line(line: str) -> str:
    shown = line[: len(line) - len(line.lstrip(" "))] + plain(line)
    pieces, at = [], 0
    for match in PIECE.finditer(shown):
        look = f"color:{_COLOURS[str(match.lastgroup)]}"
        if _DAY.match(match[0]):
            look += f";{WHOLE}"
        pieces += [
            escape(shown[at : match.start()]),
            f'<span style="{look}">{escape(match[0])}</span>',
        ]
        at = match.end()
    # A line that begins with a right-to-left name goes from left to right, as in the editor.
    inside = "".join([*pieces, escape(shown[at:])])
    return f'<bdi dir="ltr">{inside}</bdi>'
