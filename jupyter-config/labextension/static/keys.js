/* Keys that JupyterLab takes for something else: in our selects, and Tab where a query begins. */

/** Keep the keys that are pressed in a select of the form or the panel from JupyterLab's commands. */
export function keepKeys() {
  // At the window, before the document, where JupyterLab listens. The select itself still gets
  // what the browser does by default.
  window.addEventListener("keydown", keep, true);
}

function keep(event) {
  const { target, key, ctrlKey, metaKey, altKey } = event;
  const isPlain = !(ctrlKey || metaKey || altKey);
  if (!isPlain || !(target instanceof HTMLSelectElement)) return;
  const ours = target.closest(".ct-magic-form, .ct-magic-panel");
  if (!ours) return;
  event.stopPropagation();
  const marked = key === "Enter" && target.closest(".ct-magic-list");
  // Enter in a list of marked rows is the button that cancels them; what was marked last is still on its way.
  if (marked) setTimeout(() => ours.querySelector(".ct-magic-stop button").click(), 500);
}

/**
 * Let Tab list the events on the empty line below a magic, where JupyterLab would indent.
 *
 * Anywhere else at the beginning of a line it still indents: a statement goes on indented.
 */
export function proposeEvents(app, tracker) {
  const invoke = (event) => {
    const { key, target, shiftKey, ctrlKey, metaKey, altKey } = event;
    if (key !== "Tab" || shiftKey || ctrlKey || metaKey || altKey) return;
    const ours = target.closest?.('[data-language="ctcount"]');
    if (!ours || ours.closest(".jp-mod-completer-active") || !isFirst(tracker.activeCell)) return;
    event.preventDefault();
    event.stopPropagation();
    app.commands.execute("completer:invoke-notebook");
  };
  window.addEventListener("keydown", invoke, true);
}

/* Say whether the cursor is on an empty line, and above it only the magic's. */
function isFirst(cell) {
  const { line, column } = cell?.editor?.getCursorPosition() ?? {};
  if (column !== 0) return false;
  const lines = cell.model.sharedModel.getSource().split("\n");
  const typed = lines.slice(0, line).filter((text) => text.trim());
  return lines[line] === "" && typed.length === 1;
}
