/* Keys in a select of ours: JupyterLab takes arrows and letters for commands of its notebook. */

/** Keep the keys that are pressed in a select of the form or the panel from JupyterLab's commands. */
export function keepKeys() {
  // At the window, before the document, where JupyterLab listens. The select itself still gets
  // what the browser does by default.
  window.addEventListener("keydown", (event) => isOurs(event) && event.stopPropagation(), true);
}

function isOurs({ target, ctrlKey, metaKey, altKey }) {
  const select = target instanceof HTMLSelectElement;
  return select && !(ctrlKey || metaKey || altKey) && target.closest(".ct-magic-form, .ct-magic-panel");
}
