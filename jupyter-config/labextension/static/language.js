/* The language as an editor knows it: colours, comments, brackets and indentation of a query. */
import { next, start } from "./lexer.js";

export const MIME = "text/x-ctcount";

/* The theme's word for each kind of token. A kind that is missing has no colour. */
const TAGS = {
  magic: "meta",
  option: "attributeName",
  argument: "variableName.definition",
  comment: "comment",
  keyword: "keyword",
  constant: "bool",
  operator: "operator",
  string: "string",
  number: "number",
  date: "number",
  param: "variableName.special",
  scope: "propertyName",
  label: "labelName",
  key: "propertyName",
  name: "variableName",
  paren: "paren",
  bracket: "bracket",
  comma: "separator",
  dot: "derefOperator",
  colon: "punctuation",
};

/** Make the language from the editor's own packages, `@codemirror/language` and `/state`. */
export function language({ LanguageSupport, StreamLanguage }, { Prec }) {
  const support = new LanguageSupport(
    StreamLanguage.define({
      name: "ctcount",
      startState: () => ({ ...start(), indent: 0 }),
      token: (stream, state) => {
        if (stream.sol()) state.indent = stream.indentation();
        const { kind, end } = next(stream.string, stream.pos, state);
        const text = stream.string.slice(stream.pos, end);
        stream.pos = end;
        // Space is a token, too: where there is none, Tab proposes every word of the cell.
        return TAGS[kind] ?? (text.trim() ? null : "content");
      },
      indent: (state, after, context) => indentation(state, context.unit),
      languageData: {
        commentTokens: { line: "#" },
        closeBrackets: { brackets: ["(", "[", "{", "'", '"'] },
      },
    }),
  );
  // An editor has one language. Others put theirs into every editor, like JupySQL's Python.
  support.extension = Prec.highest(support.extension);
  return support;
}

/* A statement that must go on does so indented; any other line begins where the last one did. */
function indentation(state, unit) {
  const goesOn = state.unfinished || state.parens || state.json;
  return goesOn ? Math.max(state.indent, unit) : null;
}
