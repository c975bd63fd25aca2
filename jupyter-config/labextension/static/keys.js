/* Keys in a select of ours: JupyterLab takes arrows and letters for commands of its notebook. */

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
  const marked = key === "Enter" && target.closest(".ct-magic-marked");
  // Enter in a list of marked rows is its button; what was marked last is still on its way.
  if (marked) setTimeout(() => marked.parentElement.lastElementChild.click(), 500);
}
