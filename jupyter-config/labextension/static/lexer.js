/* A line of a cell -> tokens and their kinds. It says for the eye what ct_magic/query/lexer.py says. */

const words = (text) => text.trim().split(/\s+/);
const UNITS = words("day days week weeks month months year years");
const DAYS = words("today yesterday");
const KEYWORDS = words(`
  where and or in not exists share did any vs by from to on last this since after before`);
/* Words of the language in one place, names anywhere else. */
const CONTEXTUAL = words("quarter quarters hour first rolling previous within");
const CONSTANTS = words("true false");
const SCOPES = words("session profile tech app demographics reachability");
const API_NAMES = words(`
  equals not_equals contains does_not_contain greater_than greater_than_equals
  less_than less_than_equals does_not_exist`);
const RESERVED = new Set([...KEYWORDS, ...DAYS, ...UNITS]);
const MAY_END = new Set(["exists", "quarter", "quarters", "hour", "previous", ...DAYS, ...UNITS]);
const BEGIN_FILTER = new Set(["where", "and", "or"]);

const INSIDE = String.raw`[\p{L}\p{M}\p{Nd}_$]`;
const WORD = String.raw`[\p{L}_]${INSIDE}*`;
const any = (list) => `(?:${list.join("|")})(?!${INSIDE})`;
const BARE = `(?!${any([...RESERVED, ...CONSTANTS])})${WORD}`;
const STRING = String.raw`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'`;
const NUMBER = String.raw`-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?`;
const COMPARISON = "[<>!]=|!~|[=~<>]";

/* A pattern that matches at one place only. */
const here = (pattern) => new RegExp(pattern, "suy");
const SPACE = here("[ \t]+");
const A_WORD = here(WORD);
const REST_OF_WORD = here(`${INSIDE}+`);
const AGO = here("-[0-9]+");
const LABEL = here(String.raw`(?:${BARE}(?:[ \t]+${BARE})*|${STRING})(?=[ \t]*:)`);
const DOT_FOLLOWS = here(String.raw`[ \t]*\.(?!\.)`);
const COLON_FOLLOWS = here(String.raw`\s*:`);
/* Behind a property's words stands their operator: a sign, a keyword or the last of the API's names. */
const NEXT_WORD = here(String.raw`[ \t]+${BARE}`);
const OPERATOR_FOLLOWS = here(
  String.raw`[ \t]*(?:${COMPARISON})|[ \t]+${any(["in", "not", "exists"])}`,
);
/* Behind a whole axis of `by` stands nothing of a name or a list. */
const AXIS_ENDS = String.raw`(?:[ \t]+rolling(?!${INSIDE}))?[ \t]*(?:$|[#,$]|-?[0-9])`;
const ENDS_AXIS = here(AXIS_ENDS);
const BEFORE_UNIT = here(String.raw`[ \t]*(?:$|#)|[ \t]+(?:${any(UNITS)}|(?:quarter|hour)${AXIS_ENDS})`);

/* Of each table the first that matches counts. No kind: a mistake, which the run explains. */
const HEAD = [
  [null, SPACE],
  ["magic", here(String.raw`%%\w+`)],
  ["option", here(String.raw`--[\w-]+`)],
  ["string", here(STRING)],
  ["string", here(`["'].*`)],
  ["argument", here(String.raw`[^\s"']+`)],
];
const QUERY = [
  ["comment", here("#.*")],
  ["string", here(STRING)],
  ["string", here(`["'].*`)],
  ["param", here(String.raw`\$[\p{L}_][\p{L}\p{M}\p{Nd}_]*`)],
  ["date", here("[0-9]{1,2}:[0-9]{2}(?![0-9])")],
  ["date", here("[0-9]{4}-[0-9]{2}(?:-[0-9]{2})?(?![0-9-])")],
  ["date", here("[0-9]{4}-Q[0-9]+(?![0-9-])")],
  [null, here(String.raw`[0-9]+(?:(?:-[0-9]+)+|(?:/[0-9]+)+|(?:\.[0-9]+){2,})`)],
  ["date", here(String.raw`[0-9]{8}(?![0-9]|\.[0-9]|[eE][+-]?[0-9])`)],
  ["number", here(NUMBER)],
  [null, here(String.raw`<>|==+|=>|=<|=~|&&?|\|\|?|;|//|/\*|--`)],
  ["operator", here(String.raw`${COMPARISON}|\.\.`)],
  ["paren", here("[()]")],
  ["comma", here(",")],
  ["dot", here(String.raw`\.`)],
  ["colon", here(":")],
];
const JSON_TEXT = [
  ["string", here(String.raw`"(?:[^"\\]|\\.)*"?`)],
  ["number", here(NUMBER)],
  ["constant", here(any(["true", "false", "null"]))],
  ["bracket", here(String.raw`[{}\[\]]`)],
  ["comma", here(",")],
  ["colon", here(":")],
];

/**
 * Begin a cell. The state holds plain values, as an editor copies it at every line.
 *
 * `head`: the magic's line is still to come. `json`, `parens`: how deep in them. `words`: how
 * many words of a filter's property there were, -1 elsewhere. `by`: whether it was read. `last`,
 * `kind`: the token before. `unfinished`: the statement cannot end after it. `run`: where the words
 * of a property end on this line, `named`: where the last of the API's names in them begins,
 * `signed`: whether an operator follows them; so each word is looked at once, however long the line.
 */
export function start() {
  const before = { last: "", kind: null, unfinished: false };
  const ahead = { run: -1, named: -1, signed: false };
  return { head: true, json: 0, parens: 0, words: -1, by: false, ...ahead, ...before };
}

/** Read the token of a line at a place: `{kind, end}`. The state is brought up to its end. */
export function next(line, at, state) {
  if (at === 0) state.run = -1;
  if (state.head) return inHead(line, at, state);
  const space = match(SPACE, line, at);
  if (space) return { kind: null, end: space };
  // A line without indentation begins a statement, whatever the one before it lacked.
  if (at === 0 && !state.json) Object.assign(state, start(), { head: false });
  const opens = line[at] === "{" && (at === 0 || state.last === ":");
  const token = state.json || opens ? inJson(line, at, state) : inQuery(line, at, state);
  if (token.kind !== "comment") note(state, token.kind, line.slice(at, token.end));
  return token;
}

function inHead(line, at, state) {
  const token = first(HEAD, line, at);
  // Blank lines may come before it.
  state.head = token.end < line.length || line.trim() === "";
  return token;
}

function inJson(line, at, state) {
  const token = first(JSON_TEXT, line, at);
  if (token.kind === "bracket") state.json += "{[".includes(line[at]) ? 1 : -1;
  const isKey = token.kind === "string" && match(COLON_FOLLOWS, line, token.end);
  return isKey ? { ...token, kind: "key" } : token;
}

function inQuery(line, at, state) {
  const label = at === 0 && match(LABEL, line, at);
  if (label) return { kind: "label", end: label };
  const word = match(A_WORD, line, at);
  if (word) return inWord(line, at, word, state);
  const token = first(QUERY, line, at);
  // What begins like a number and goes on like a word is neither.
  const glued = ["date", "number"].includes(token.kind) && match(REST_OF_WORD, line, token.end);
  return glued ? { kind: null, end: glued } : token;
}

function inWord(line, at, end, state) {
  const word = line.slice(at, end);
  if (word === "today") return { kind: "keyword", end: match(AGO, line, end) || end };
  if (RESERVED.has(word)) return { kind: "keyword", end };
  if (CONSTANTS.includes(word)) return { kind: "constant", end };
  if (CONTEXTUAL.includes(word) && isMeant(word, line, end, state)) return { kind: "keyword", end };
  if (SCOPES.includes(word) && match(DOT_FOLLOWS, line, end)) return { kind: "scope", end };
  // The API's names of operators are words like any other where no operator is due.
  if (!API_NAMES.includes(word)) return { kind: "name", end };
  const due = state.last === ")" || (state.words > 0 && !operatorFollows(line, end, state));
  return { kind: due ? "operator" : "name", end };
}

/* Say whether the operator of a property's words stands behind this place. */
function operatorFollows(line, at, state) {
  if (at > state.run) {
    state.run = at;
    state.named = -1;
    for (let end; (end = match(NEXT_WORD, line, state.run)); state.run = end) {
      const word = line.slice(state.run, end).trim();
      if (API_NAMES.includes(word)) state.named = end - word.length;
    }
    state.signed = match(OPERATOR_FOLLOWS, line, state.run) > 0;
  }
  return state.signed || state.named >= at;
}

/* Say whether the word stands where it is one of the language's. */
function isMeant(word, line, end, { by, last, kind }) {
  const follows = (list) => kind === "keyword" && list.includes(last);
  const isNumber = kind === "number" || (kind === "date" && /^[0-9]{8}$/.test(last));
  if (word === "previous") return follows(["vs"]);
  if (word === "within") return numberFollows(line, end);
  if (word.startsWith("quarter") && (isNumber || follows(["last", "this"]))) return true;
  if (!by || word === "quarters") return false;
  if (word === "rolling") return follows([...UNITS, "quarter", "hour"]);
  if (word === "first") return (follows(["by"]) || last === ",") && matches(BEFORE_UNIT, line, end);
  return (follows(["by", "first"]) || last === ",") && matches(ENDS_AXIS, line, end);
}

/* Say whether a number that is no date comes next: of own days, `within 7 days`. */
function numberFollows(line, at) {
  const from = match(SPACE, line, at) || at;
  if (!/^-?[0-9]/.test(line.slice(from, from + 2))) return false;
  const { kind, end } = first(QUERY, line, from);
  return kind !== "date" || match(REST_OF_WORD, line, end) > 0;
}

function note(state, kind, text) {
  const isWord = kind === "name" || kind === "scope";
  if (kind === "paren") state.parens = Math.max(0, state.parens + (text === "(" ? 1 : -1));
  if (BEGIN_FILTER.has(text)) state.words = 0;
  else if (text === "(" && state.words === 0) state.words = 0;
  else if (!state.words || (state.words > 0 && isWord)) state.words += 1;
  else state.words = kind === "dot" && state.words === 1 ? 0 : -1;
  state.by ||= text === "by";
  state.last = text;
  state.kind = kind;
  state.unfinished =
    ["operator", "comma", "dot"].includes(kind) ||
    (kind === "keyword" && !MAY_END.has(text) && !text.startsWith("today-"));
}

/* Say whether the pattern matches at this place, be it nothing. */
function matches(pattern, line, at) {
  pattern.lastIndex = at;
  return pattern.test(line);
}

/* Give where the pattern's match at this place ends; 0 where it does not match. */
function match(pattern, line, at) {
  pattern.lastIndex = at;
  return pattern.test(line) ? pattern.lastIndex : 0;
}

function first(rules, line, at) {
  for (const [kind, pattern] of rules) {
    const end = match(pattern, line, at);
    if (end) return { kind, end };
  }
  return { kind: null, end: at + String.fromCodePoint(line.codePointAt(at)).length };
}
