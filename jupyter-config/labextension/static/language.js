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

/** Make the language from the editor's own package, `@codemirror/language`. */
export function language({ LanguageSupport, StreamLanguage }) {
  return new LanguageSupport(
    StreamLanguage.define({
      name: "ctcount",
      startState: () => ({ ...start(), indent: 0 }),
      token: (stream, state) => {
        if (stream.sol()) state.indent = stream.indentation();
        const { kind, end } = next(stream.string, stream.pos, state);
        stream.pos = end;
        return TAGS[kind] ?? null;
      },
      indent: (state, after, context) => indentation(state, context.unit),
      languageData: {
        commentTokens: { line: "#" },
        closeBrackets: { brackets: ["(", "[", "{", "'", '"'] },
      },
    }),
  );
}

/* A statement that must go on does so indented; any other line begins where the last one did. */
function indentation(state, unit) {
  const goesOn = state.unfinished || state.parens || state.json;
  return goesOn ? Math.max(state.indent, unit) : null;
}
