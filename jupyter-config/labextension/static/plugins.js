/* What JupyterLab starts: the plugins, and what each of them needs of it. */
import { replaceEnded } from "./ended.js";
import { colourCells } from "./highlight.js";
import { insertCells } from "./insert.js";
import { keepKeys, proposeEvents } from "./keys.js";
import { MIME, language } from "./language.js";

const HIGHLIGHT = "ct-magic:highlight";

/** Make the plugins; `shared` gives a package of JupyterLab's by its name. */
export async function plugins(shared) {
  const [codemirror, notebook, settings, editor, state] = await Promise.all(
    [
      "@jupyterlab/codemirror",
      "@jupyterlab/notebook",
      "@jupyterlab/settingregistry",
      "@codemirror/language",
      "@codemirror/state",
    ].map(shared),
  );
  return [
    {
      id: HIGHLIGHT,
      description: "Colours %%ctcount cells.",
      autoStart: true,
      requires: [codemirror.IEditorLanguageRegistry, notebook.INotebookTracker],
      optional: [settings.ISettingRegistry],
      activate: (app, languages, tracker, registry) =>
        highlight({ editor, state }, languages, tracker, registry),
    },
    {
      id: "ct-magic:insert",
      description: "Inserts the cells that the query form writes.",
      autoStart: true,
      requires: [notebook.INotebookTracker],
      activate: (app, tracker) => insertCells(tracker),
    },
    {
      id: "ct-magic:ended",
      description: "Shows what was saved in the place of panels whose kernel has ended.",
      autoStart: true,
      requires: [notebook.INotebookTracker],
      activate: (app, tracker) => replaceEnded(tracker),
    },
    {
      id: "ct-magic:keys",
      description: "Keeps keys of ours from the notebook's commands.",
      autoStart: true,
      requires: [notebook.INotebookTracker],
      activate: (app, tracker) => {
        keepKeys();
        proposeEvents(app, tracker);
      },
    },
  ];
}

/* JupyterLab's start does not wait for this: reading the settings takes a request. */
function highlight({ editor, state }, languages, tracker, registry) {
  languages.addLanguage({
    name: "ctcount",
    displayName: "CleverTap query",
    mime: MIME,
    load: async () => {
      // An editor shows the language that is loaded last. A cell's editor asks for Python first,
      // so ours must not be there sooner, or Python's would replace it.
      await languages.getLanguage("text/x-ipython");
      return language(editor, state);
    },
  });
  setting(registry).then(({ isOn, changed }) => colourCells(tracker, MIME, isOn, changed));
}

/* Give how to read whether cells are coloured, and how to hear of a change. */
async function setting(registry) {
  try {
    const settings = await registry.load(HIGHLIGHT);
    return {
      isOn: () => settings.composite.highlight !== false,
      changed: (slot) => settings.changed.connect(slot),
    };
  } catch {
    // Without a registry of settings, or with ours damaged, colours are still there.
    return { isOn: () => true, changed: () => {} };
  }
}
