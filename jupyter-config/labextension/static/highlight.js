/*
 * Which cells are ours: a cell that begins with our magic gets our type of text, no other does.
 *
 * When it is edited, its metadata name our lexer of Pygments, too: by that nbconvert, and so
 * "Save and Export Notebook As", colours it. A notebook that is only opened is not changed.
 */

const EXPORTED = "magics_language"; // nbconvert's own name for it
const LEXER = "ctcount";
const OURS = /^(?:[ \t]*\n)*%%(?:ctcount|ct[ \t]+(?:explain|form))(?=\s|$)/;

/**
 * Keep the type of every code cell of every notebook right, now and later.
 *
 * `isOn()` says whether cells are coloured at all, `changed` connects a slot to its changes.
 * All slots belong to the notebook they are for, and go when it is closed.
 */
export function colourCells(tracker, mime, isOn, changed) {
  const colour = (cell, plain) => {
    if (cell.type !== "code") return;
    const ours = isOn() && OURS.test(cell.sharedModel.getSource());
    if (ours) cell.mimeType = mime;
    else if (cell.mimeType === mime) cell.mimeType = plain;
  };
  const refresh = ({ content }) => {
    for (const cell of content.model?.cells ?? []) colour(cell, content.codeMimetype);
  };
  const follow = (panel) => followCells(panel.content, colour);
  tracker.forEach(follow);
  tracker.widgetAdded.connect((_, panel) => follow(panel));
  changed(() => tracker.forEach(refresh));
}

function followCells(notebook, colour) {
  const check = (cell) => colour(cell, notebook.codeMimetype);
  const followCell = (cell) => {
    cell.contentChanged.connect(check, notebook);
    cell.contentChanged.connect(markForExport, notebook);
    // JupyterLab sets it for all cells when the kernel says which language it speaks.
    cell.mimeTypeChanged.connect(check, notebook);
    check(cell);
  };
  const followNew = (_, change) => change.newValues.forEach(followCell);
  // The same slot is connected only once, however often the model is said to have changed.
  const followModel = () => {
    notebook.model?.cells.changed.connect(followNew, notebook);
    for (const cell of notebook.model?.cells ?? []) followCell(cell);
  };
  notebook.modelChanged.connect(followModel, notebook);
  followModel();
}

function markForExport(cell) {
  const ours = cell.type === "code" && OURS.test(cell.sharedModel.getSource());
  const marked = cell.getMetadata(EXPORTED) === LEXER;
  if (ours && !marked) cell.setMetadata(EXPORTED, LEXER);
  else if (!ours && marked) cell.deleteMetadata(EXPORTED);
}
