"""How a panel looks: its colours, its frame, and the sheet of which every card brings its part."""

from __future__ import annotations

import re

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
    "box-sizing:border-box;line-height:1.45;overflow-wrap:break-word"
)
CODE = "background:none;padding:0;white-space:pre-wrap"
NUMBER_STYLE = "font-variant-numeric:tabular-nums"
HIDDEN = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)"
# A page sets what is between two dollars as a formula, also a query's `$low and $high`.
NO_FORMULA = "mathjax_ignore tex2jax_ignore"
CLASS = f"ct-magic {NO_FORMULA}"
_ROW = 26  # pixels of a row: the boxes beside a live table are as high
BESIDE = 96  # pixels for the buttons in a live card's corner
NOTE = 205  # pixels of a table's last column while it runs
AREA = 9 * _ROW + 8  # pixels for the rows of a long table, and for the picture in their place
_NARROW = 760  # pixels of a card below which names and notes give way
_NARROWEST = 600  # below which intervals go below shares, and what can be done below the facts

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
_SHEET = f"""<style>{FOCUS}
.ct-magic {{ font-size:13px;{NUMBER_STYLE} }}
.ct-magic code.ct-q {{ font-size:12.5px }}
.ct-q b {{ color:{KEYWORD} }} .ct-q .s {{ color:{TEXT} }}
.ct-q .n {{ color:{NUMBER};white-space:nowrap }}
.ct-head {{ display:flex;flex-wrap:wrap;gap:0 14px;align-items:baseline;margin-top:4px }}
.ct-rest {{ flex:1 1 14em;min-width:0 }}
:is(.ct-asked,.ct-head:not(.ct-one)) {{ padding-right:{BESIDE}px }}
.ct-one {{ min-height:38px }}
.ct-magic .ct-days svg {{ width:160px;vertical-align:bottom }}
.ct-part {{ display:inline-block;vertical-align:top }}
.ct-meta {{ display:grid;grid-template-columns:minmax(80px,190px) minmax(110px,230px)
  minmax(70px,110px) 1fr auto auto;column-gap:14px;margin-top:10px;padding-top:6px;
  border-top:1px solid {HAIR};font-size:12px }}
.ct-meta:has(> :first-child:empty) {{ grid-template-columns:minmax(110px,230px)
  minmax(70px,110px) 1fr auto auto }}
.ct-meta > :first-child:empty {{ display:none }}
.ct-area {{ height:{AREA}px;overflow:hidden;display:grid;gap:2px 12px;
  grid-template-columns:fit-content(160px) minmax(60px,1fr) auto;align-content:end;
  align-items:end;margin-top:6px }}
.ct-area > :is(table,details) {{ grid-column:1/-1;align-self:start }}
.ct-magic .ct-line {{ display:contents }}
.ct-line > * {{ overflow:hidden;text-overflow:ellipsis;white-space:nowrap }}
.ct-magic .ct-line svg {{ display:block;width:100% }}
.ct-magic .ct-line svg:only-child {{ grid-column:1/-1 }}
.ct-magic-panel, .ct-magic:not(.ct-magic-live) {{ container-type:inline-size }}
.ct-magic table.ct-rows {{ width:100%;table-layout:auto;border-collapse:collapse;margin:8px 0 0;
  font-size:13px;border:0;color:inherit }}
.ct-magic table.ct-rows :is(td,th) {{ height:{_ROW}px;box-sizing:border-box;padding:0 10px 0 0;
  white-space:nowrap;vertical-align:middle;font-weight:400;background:none;max-width:none;
  text-align:left }}
.ct-magic table.ct-rows .n {{ text-align:right }}
.ct-magic table.ct-rows th {{ color:{MUTED};font-size:12px }}
.ct-magic table.ct-rows tbody tr {{ border-top:1px solid {HAIR};background:none }}
.ct-magic table.ct-rows tbody tr:hover {{ background:{HAIR} }}
.ct-magic .ct-rows :is(td,th):first-child {{ max-width:22em;overflow:hidden;
  text-overflow:ellipsis }}
.ct-alike {{ font-size:0 }} .ct-alike::after {{ content:"…";font-size:13px }}
.ct-rows:not(.ct-heat) td > div {{ border-color:{BAR} !important;border-radius:2px }}
.ct-magic:not(.ct-magic-live) td .ct-why {{ display:inline-block;white-space:normal;
  overflow-wrap:anywhere;min-width:130px }}
.ct-magic-live .ct-rows:not(.ct-heat) :is(td,th):last-child {{ min-width:{NOTE}px;
  max-width:{NOTE}px;overflow:hidden;text-overflow:ellipsis }}
.ct-magic table.ct-heat {{ min-width:calc(250px + 42px*var(--ct-magic-columns)) }}
.ct-magic table.ct-heat :is(td,th):nth-child(n+3) {{ text-align:center;padding:1px;
  width:calc(70%/var(--ct-magic-columns)) }}
.ct-heat td > div {{ line-height:{_ROW - 4}px;border-radius:4px;color:{INK};
  background:color-mix(in srgb,{BAR} var(--s),transparent) }}
.ct-heat i {{ font-style:normal }}
.ct-reason {{ color:{DOUBT};margin-top:6px }}
.ct-acts {{ margin-left:auto }}
.ct-magic-frame :is(td,th) {{ white-space:nowrap !important }}
.ct-acts button {{ border:0;background:none;color:inherit;font:inherit;text-decoration:underline;
  cursor:pointer;padding:0 0 0 10px }}
@container (max-width:{_NARROW}px) {{
  .ct-magic table .ct-next {{ display:none }}
  .ct-magic .ct-rows :is(td,th):first-child {{ max-width:11em !important }}
  .ct-magic-live .ct-rows:not(.ct-heat) :is(td,th):last-child {{ min-width:104px;max-width:104px }}
  .ct-magic table.ct-heat {{ min-width:calc(140px + 29px*var(--ct-magic-columns)) }}
  .ct-magic table.ct-wide td i {{ display:none }} }}
@container (max-width:{_NARROWEST}px) {{
  .ct-magic:not(.ct-magic-live) .ct-gap:has(> :nth-child(2)) {{ display:inline-block;
    white-space:normal;min-width:158px;font-size:11px;line-height:12.5px }}
  .ct-magic table.ct-own :is(td,th):not(:first-child) {{ white-space:normal }}
  .ct-own b + span {{ display:block;font-size:11px;line-height:12px }}
  .ct-meta > :empty {{ display:none }}
  .ct-magic .ct-rows td[style] {{ min-width:20px !important }}
  .ct-meta {{ display:flex;flex-wrap:wrap;align-content:start;min-height:43px }}
  .ct-acts {{ flex:0 0 100%;text-align:right }} }}
.ct-magic summary {{ color:{MUTED};cursor:pointer;width:max-content;margin-top:4px }}
.ct-magic details::details-content {{ content-visibility:visible;display:block }}
.jp-NotebookPanel .ct-magic details:not([open])::details-content {{ content-visibility:hidden;
  display:none }}
@media print {{ .ct-magic details::details-content, .jp-NotebookPanel .ct-magic
  details:not([open])::details-content {{ content-visibility:visible;display:block }} }}
.ct-scroll {{ overflow-x:auto }}
.jp-NotebookPanel .ct-scroll {{ overflow:auto;max-height:40em }}
@media print {{ .jp-NotebookPanel .ct-scroll {{ max-height:none }} }}
</style>"""
# Without the blanks that only its reader here needs.
SHEET = re.sub(r"\s*([{};\n])\s*", r"\1", _SHEET).replace("\n", " ")
# What only a live panel has: its frame, its buttons, and a countdown that needs no messages: the
# browser animates a whole number down to nothing.
LIVE = f"""<style>
.ct-magic-panel {{ {BOX};overflow:hidden;position:relative }}
.jp-OutputArea-output > .ct-magic-panel {{ margin-right:20px }}
.ct-magic-panel .widget-html-content {{ min-width:0;line-height:1.45 }}
.ct-magic-panel .widget-html {{ height:auto;margin:0;flex:1 1 auto;min-width:0 }}
.ct-magic-panel > .widget-box {{ overflow:visible;position:relative }}
.ct-magic-panel button {{ border-radius:6px;border:1px solid {LINE};background:{_PAGE};color:{INK};
  font-size:13px;line-height:1;box-shadow:none;width:auto }}
.ct-magic-panel button:hover {{ background:{HAIR} }}
.ct-magic-panel .ct-magic-corner {{ position:absolute;right:0;top:0;flex-direction:row;width:auto }}
.ct-magic-panel .ct-magic-line {{ position:absolute;right:14px;bottom:6px;overflow:visible }}
.ct-magic-panel .ct-magic-line:has(.ct-magic-more) {{ position:static;height:19px;margin-top:4px;
  justify-content:space-between }}
.ct-magic-panel .ct-magic-stop {{ align-items:center;gap:8px;width:auto;overflow:visible }}
.ct-magic-panel .ct-magic-stop button {{ height:24px;margin:0 }}
.ct-magic-panel:has(.ct-magic-stop:not(.ct-magic-off)):not(:has(.ct-magic-more)) .ct-meta {{
  padding-right:190px }}
.ct-magic-panel .ct-magic-marks {{ position:absolute;left:0;bottom:0;overflow:visible }}
.ct-magic-panel .ct-magic-marks > * {{ width:22px;height:{_ROW}px;margin:0;line-height:{_ROW}px }}
.ct-magic-panel .ct-magic-mark input {{ margin:0;vertical-align:middle }}
.ct-magic-panel .ct-magic-mark span {{ {HIDDEN} }}
.ct-magic-panel .ct-magic-marked .ct-rows :is(td,th):first-child {{ padding-left:26px }}
.ct-magic-panel .ct-magic-more {{ border:0;background:none;color:{MUTED};padding:0;height:19px;
  margin:0;align-self:flex-start }}
.ct-magic-panel .ct-magic-off {{ display:none }}
.ct-magic-panel .ct-magic-list, .ct-magic-panel .ct-magic-list > * {{ width:100% }}
.ct-magic.ct-magic-live {{ padding:0;line-height:1.45 }}
.ct-magic-live > :last-child {{ margin-bottom:0 !important }}
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


def bar(percent: float, *, hollow: bool = False, colour: str = "#1976d2", height: int = 9) -> str:
    """Return a bar: a border and no background, so that it is printed, too.

    Its colour is a plain one, which an untrusted notebook keeps; our sheet gives it the theme's.
    """
    solid = f"border-top:{height}px solid {colour}"
    drawn = f"height:5px;border:1px dotted {colour}" if hollow else solid
    return f'<div style="width:{percent:.4g}%;{drawn}"></div>'
