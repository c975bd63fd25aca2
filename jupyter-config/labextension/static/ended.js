/* Panels whose kernel has ended: what was saved takes the place of widgets that are gone. */

const VIEW = "application/vnd.jupyter.widget-view+json";
const ENDED = ["restarting", "autorestarting", "terminating", "dead"];
const GONE = "Error displaying widget"; // how a page begins to say that it has no such widget
const GOING = "style, .ct-part:has(> .ct-live), .ct-live, [role=progressbar]"; // no longer
const AGAIN = "The kernel has ended. Run the cell again: nothing is sent twice.";

/**
 * Keep the notebooks free of dead widgets of ours.
 *
 * When a kernel ends, each panel becomes the picture that it last showed; in a notebook that is
 * opened without its kernel it becomes the picture that was saved. Other people's are left alone.
 */
export function replaceEnded(tracker) {
  const follow = (panel) => {
    const { sessionContext, content } = panel;
    sessionContext.statusChanged.connect((_, status) => {
      if (ENDED.includes(status)) replace(content, () => true);
    }, panel);
    sessionContext.kernelChanged.connect((_, { oldValue }) => {
      if (oldValue) replace(content, () => true);
    }, panel);
    watch(panel);
  };
  tracker.forEach(follow);
  tracker.widgetAdded.connect((_, panel) => follow(panel));
}

/* A page says that a widget is missing once it has asked the kernel: some seconds after opening. */
function watch(panel) {
  let planned = 0;
  const observer = new MutationObserver(() => {
    planned ||= setTimeout(() => {
      planned = 0;
      replace(panel.content, isGone);
    }, 200);
  });
  observer.observe(panel.content.node, { childList: true, subtree: true });
  panel.disposed.connect(() => observer.disconnect());
}

function isGone(node) {
  return node.textContent.trimStart().startsWith(GONE);
}

function replace(notebook, isDead) {
  for (const { outputArea } of notebook.widgets) {
    const model = outputArea?.model;
    for (let at = 0; at < (model?.length ?? 0); at++) {
      const output = model.get(at).toJSON();
      const node = outputArea.widgets[at]?.node;
      if (!isOurs(output) || !node || !isDead(outputOf(node))) continue;
      output.data["text/html"] = picture(joined(output.data["text/html"]), node);
      delete output.data[VIEW];
      model.set(at, output);
    }
  }
}

/* An output stands beside its prompt. */
function outputOf(node) {
  return node.querySelector(".jp-OutputArea-output") ?? node;
}

function isOurs({ data }) {
  return data?.[VIEW] && joined(data["text/html"] ?? "").includes('class="ct-magic');
}

function joined(text) {
  return Array.isArray(text) ? text.join("") : text;
}

/* What is still seen of a panel, in the frame of what was saved; without a panel that itself. */
function picture(saved, node) {
  const live = node.querySelector(".ct-magic-live");
  if (!live) return saved;
  const seen = live.cloneNode(true);
  seen.querySelectorAll(GOING).forEach((part) => part.remove());
  for (const last of seen.querySelectorAll(".ct-part:last-child")) {
    last.innerHTML = last.innerHTML.replace(/ ·$/, "");
  }
  const page = document.createElement("template");
  page.innerHTML = saved;
  const card = page.content.querySelector(".ct-magic");
  const note = document.createElement("div");
  note.textContent = AGAIN;
  const head = seen.querySelector(".ct-head");
  if (head) head.after(note);
  else seen.append(note);
  card.replaceChildren(...seen.childNodes);
  return page.innerHTML;
}
