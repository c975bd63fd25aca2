/*
 * Panels whose kernel has ended: what was saved takes the place of widgets that are gone.
 * Panels of an account that is not in use any more: faded, with the reason.
 * And what can be done with one that is over: its table is copied, its cell is asked anew.
 */

const VIEW = "application/vnd.jupyter.widget-view+json";
const ENDED = ["restarting", "autorestarting", "terminating", "dead"];
const GONE = "Error displaying widget"; // how a page begins to say that it has no such widget
const LOADING = "Loading widget"; // and that it waits for one, of a kernel that it may not have
const NO_KERNEL = "No kernel is running. Start one, then ask anew: the numbers here stay till then.";
const USED = "ct_magic.used"; // the type of a message that names the account in use
const FADED = 0.55;
const GOING = "style, .ct-live, .ct-rest, [role=progressbar]"; // no longer

/**
 * Keep the notebooks free of dead widgets of ours.
 *
 * When a kernel ends, each panel becomes the picture that it last showed; in a notebook that is
 * opened without its kernel it becomes the picture that was saved. Other people's are left alone.
 */
export function replaceEnded(tracker) {
  const follow = (panel) => {
    const { sessionContext } = panel;
    sessionContext.statusChanged.connect((_, status) => {
      if (!ENDED.includes(status)) return;
      replace(panel, () => true);
      use(panel, ""); // a kernel that begins has not said yet which account it asks
    }, panel);
    sessionContext.kernelChanged.connect((_, { oldValue }) => {
      if (oldValue) replace(panel, () => true);
    }, panel);
    watch(panel);
  };
  tracker.forEach(follow);
  tracker.widgetAdded.connect((_, panel) => follow(panel));
}

/* A page says that a widget is missing once it has asked the kernel: some seconds after opening. */
function watch(panel) {
  let planned = 0;
  const look = () => {
    planned ||= setTimeout(() => {
      planned = 0;
      replace(panel, (node) => isGone(node, panel.sessionContext));
      const lines = panel.content.node.querySelectorAll(".ct-meta");
      lines.forEach((line) => act(line, panel));
      const used = accountInUse(panel);
      lines.forEach((line) => fade(line, panel, used));
    }, 200);
  };
  panel.sessionContext.iopubMessage.connect((_, { header, content }) => {
    if (header.msg_type !== USED) return;
    use(panel, content.account);
    look();
  }, panel);
  panel.sessionContext.statusChanged.connect(look, panel);
  const observer = new MutationObserver(look);
  observer.observe(panel.content.node, { childList: true, subtree: true });
  panel.sessionContext.ready.then(look);
  panel.disposed.connect(() => observer.disconnect());
}

function isGone(node, { isReady, session }) {
  const text = node.textContent.trimStart();
  const kernel = session?.kernel;
  // A kernel that is busy may have the widget, and say so later.
  if (text.startsWith(GONE)) return kernel?.status !== "busy";
  return text.startsWith(LOADING) && isReady && !kernel;
}

function replace(panel, isDead) {
  const { model } = panel.content;
  const dirty = model?.dirty;
  let found = false;
  for (const { outputArea } of panel.content.widgets) {
    const outputs = outputArea?.model;
    for (let at = 0; at < (outputs?.length ?? 0); at++) {
      const output = outputs.get(at).toJSON();
      const node = outputArea.widgets[at]?.node;
      if (!isOurs(output) || !node || !isDead(outputOf(node))) continue;
      output.data["text/html"] = picture(joined(output.data["text/html"]), node);
      delete output.data[VIEW];
      outputs.set(at, output);
      found = true;
    }
  }
  // Nobody has changed anything: a notebook that was only opened need not be saved.
  if (found && !dirty && model) model.dirty = false;
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

/* What is still seen of a panel, faded, and what to do; without a panel what was saved. */
function picture(saved, node) {
  const page = document.createElement("template");
  page.innerHTML = saved;
  const card = page.content.querySelector(".ct-magic");
  const live = node.querySelector(".ct-magic-live");
  const todo = card?.querySelector("[data-todo]")?.dataset.todo;
  if (!live || !card || !todo) return saved;
  const seen = live.cloneNode(true);
  seen.querySelectorAll(GOING).forEach((part) => part.remove());
  seen.className = "";
  seen.style.opacity = FADED;
  const reason = reasoned(`The kernel has ended. ${todo}`);
  card.replaceChildren(seen, reason, ...card.querySelectorAll(".ct-meta"));
  return page.innerHTML;
}

/* Which account is in use is known for a kernel, also after Reload: of a notebook the last one. */
function use({ sessionContext }, name) {
  const known = JSON.stringify([sessionContext.session?.kernel?.id, name]);
  sessionStorage.setItem(`${USED} ${sessionContext.path}`, known);
}

function accountInUse({ sessionContext }) {
  const known = sessionStorage.getItem(`${USED} ${sessionContext.path}`);
  const [kernel, name] = JSON.parse(known ?? "[]");
  return kernel === sessionContext.session?.kernel?.id ? name : "";
}

/* A cell that would ask another account now than its panel shows says so, until it would not. */
function fade(line, panel, used) {
  const card = line.closest(".ct-magic");
  if (!card || card.matches(".ct-magic-live")) return;
  const { account, named } = line.dataset;
  const known = card.querySelector(".ct-other");
  const isOther = used && account && account !== used && named === undefined;
  const reason = isOther && !isAsked(line, panel) ? otherwise(account, used) : "";
  if ((known?.textContent ?? "") === reason) return;
  known?.remove();
  for (const part of card.children) if (part !== line) part.style.opacity = reason ? FADED : "";
  if (reason) line.before(reasoned(reason, "ct-other"));
}

/* A cell that names its account asks it again; one whose kernel ended says what to do already. */
function isAsked(line, panel) {
  if (line.closest(".ct-magic").querySelector(".ct-reason:not(.ct-other)")) return true;
  const cell = panel.content.widgets.find(({ node }) => node.contains(line));
  const source = cell?.model.sharedModel.getSource() ?? "";
  return (/^\s*%%/.test(source) ? /--account\b/ : /--account\b|\baccount\s*=/).test(source);
}

function otherwise(account, used) {
  const name = (known) => (known === "default" ? "the environment's account" : known);
  const todo = `Run %ct use ${account}, then this cell.`;
  return `This asked ${name(account)}; ${name(used)} is in use now. ${todo}`;
}

function reasoned(text, more = "") {
  const className = `ct-reason ${more}`.trim();
  return Object.assign(document.createElement("div"), { className, textContent: text });
}

/* What can be done with a panel that is over is at the end of its line of facts. */
function act(line, panel) {
  const card = line.closest(".ct-magic");
  if (!card || card.matches(".ct-magic-live") || line.querySelector("button")) return;
  const actions = document.createElement("span");
  actions.className = "ct-acts";
  const table = [...card.querySelectorAll("table")].at(-1); // before it is what is missing of it
  const isPart = table?.closest(".ct-scroll")?.ariaLabel?.startsWith("the first");
  const rows = isPart ? `${table.rows.length - 1} rows` : "the rows";
  if (table) actions.append(button("copy", `Copy ${rows} as a table`, () => copy(table)));
  const cell = panel.content.widgets.find(({ node }) => node.contains(line));
  const source = cell?.model.sharedModel.getSource() ?? "";
  if (anew(source)) {
    const press = () => ask(panel, cell, line);
    actions.append(button("ask anew", "Run the cell with --refresh, for this account", press));
  }
  line.append(actions);
}

function button(text, title, press) {
  const made = Object.assign(document.createElement("button"), { textContent: text, title });
  made.addEventListener("click", async () => {
    if (await press()) made.textContent = "copied";
  });
  return made;
}

/* As a spreadsheet takes it: numbers without their thousands apart. */
async function copy(table) {
  const words = (cell) => {
    const own = cell.cloneNode(true);
    own.querySelectorAll("[role=img]").forEach((sign) => sign.remove());
    return own.textContent.trim().replace(/(?<=\d),(?=\d{3})/g, "");
  };
  const text = [...table.rows].map((row) => [...row.cells].map(words).join("\t")).join("\n");
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return true;
  }
  // A page that comes from another machine without https has no clipboard but this one.
  const area = Object.assign(document.createElement("textarea"), { value: text });
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

/* The text of a cell that asks anew, and asks this account; nothing of a cell that cannot. */
function anew(source, account = "") {
  const isCell = /^\s*%%/.test(source);
  const magic = isCell ? /^(\s*%%ctcount)(?!\w)(.*)/ : /^(\s*(?:\w+\s*=\s*)?%ctcount)(?!\w)(.*)/gm;
  if (source.search(magic) < 0) return null;
  return source.replace(magic, (_, name, rest) => {
    const whom = /\s/.test(account) ? `"${account}"` : account;
    const options = [account && !/--account/.test(rest) && `--account ${whom}`];
    options.push(!/--refresh/.test(rest) && "--refresh");
    return [name, ...options.filter(Boolean)].join(" ") + rest;
  });
}

/* The cell is run as if it asked for it; its text stays what a person has typed. */
async function ask({ sessionContext }, cell, line) {
  const kernel = sessionContext.session?.kernel;
  const { outputArea, model } = cell;
  const code = anew(model.sharedModel.getSource(), line.dataset.account);
  if (!code) return;
  if (!kernel || kernel.status === "dead") return needKernel(line);
  const future = kernel.requestExecute({ code }, true, { cellId: model.id });
  outputArea.future = future;
  cell.setPrompt("*");
  try {
    const { content: reply } = await future.done;
    model.executionCount = reply.execution_count;
  } catch {
    needKernel(line); // it ended meanwhile
  }
}

function needKernel(line) {
  if (line.previousElementSibling?.textContent !== NO_KERNEL) line.before(reasoned(NO_KERNEL));
}
