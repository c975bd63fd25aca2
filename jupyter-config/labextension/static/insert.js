/* The query form's "Insert cell": a kernel sends a cell's source, a notebook gets the cell. */

const TARGET = "ct_magic.insert";

/**
 * Let the kernel of every notebook insert cells.
 *
 * A comm to `ct_magic.insert` that opens with `{text}` is answered `{inserted: true}`, or
 * `{inserted: false, error}`.
 */
export function insertCells(tracker) {
  const follow = (panel) => {
    const { sessionContext } = panel;
    // A restarted kernel keeps its connection, and with it the target.
    const register = (kernel) =>
      kernel?.registerCommTarget(TARGET, (comm, message) => {
        comm.send(answer(notebookOf(tracker, sessionContext), message.content.data));
      });
    sessionContext.kernelChanged.connect((_, { newValue }) => register(newValue), panel);
    register(sessionContext.session?.kernel);
  };
  tracker.forEach(follow);
  tracker.widgetAdded.connect((_, panel) => follow(panel));
}

/* A notebook may be open in two views: meant is the one that was used last, where it is open. */
function notebookOf(tracker, sessionContext) {
  const isIts = (panel) => panel?.sessionContext === sessionContext;
  const current = tracker.currentWidget;
  return (isIts(current) ? current : tracker.find(isIts))?.content;
}

function answer(notebook, { text }) {
  try {
    insert(notebook, text);
    return { inserted: true };
  } catch (error) {
    return { inserted: false, error: String(error.message ?? error) };
  }
}

function insert(notebook, text) {
  if (typeof text !== "string") throw new Error("a cell's source is text");
  if (!notebook?.model) throw new Error("the notebook is closed");
  // The form's cell became the active one when its button was pressed.
  const index = notebook.activeCellIndex + 1;
  // The shared model is where undo looks. What a person had inserted is trusted, as typed.
  notebook.model.sharedModel.insertCell(index, {
    cell_type: "code",
    source: text,
    metadata: { trusted: true },
  });
  notebook.activeCellIndex = index;
  notebook.deselectAll();
  show(notebook, index);
}

async function show(notebook, index) {
  try {
    await notebook.scrollToItem(index);
    // Away from the form's button, so that the next key is meant for the cell.
    notebook.activeCell?.node.focus({ preventScroll: true });
  } catch {
    // Someone scrolled on meanwhile: the cell is there all the same.
  }
}
