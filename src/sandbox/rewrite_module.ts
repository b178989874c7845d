// One file of user code, from its text to the text that runs: types stripped, imports found, loops
// guarded.
// Invariant: the same parser decides what is admitted and where guards go, and every line stays on
// its line.
import { type AnyNode, type Node, parse, type Program, tokTypes } from "acorn";
import { fullAncestor } from "acorn-walk";
import { transformSync } from "amaro";
import { ConfigError } from "../util/errors.ts";
import { unusedTypeImports } from "./unused_type_imports.ts";

/**
 * Replaces `remove` characters at `at` (offset in the stripped text) by `insert`, which has no line
 * break.
 */
export interface Edit {
  at: number;
  remove: number;
  insert: string;
}

/**
 * From `column` of `line` on (both from 1, in the text that runs), columns are `by` further right
 * than written.
 */
export interface ColumnShift {
  line: number;
  column: number;
  by: number;
}

/** A specifier, quotes included, and where it stands. */
export interface ImportSite {
  specifier: string;
  at: number;
  length: number;
}

export interface ParsedModule {
  /** As it is shown in messages. */
  path: string;
  /** Types are blanks here: offsets, lines and columns are the author's. */
  text: string;
  imports: ImportSite[];
  /** Guards, and imports of types taken out. */
  edits: Edit[];
  /** Where the arrows of arrow functions end, ascending. */
  arrowEnds: number[];
}

/** User code may not use names that begin so: they are those of the guards. */
const RESERVED = "__liu";
/**
 * A throw statement, not a call that throws: so the optimizing compilers keep the loop as tight as
 * it was.
 */
const GUARD = "if(__liu_flag[0]!==0)throw __liu_halt();";

/**
 * Parses one file of user code.
 * Throws ConfigError, with file, line and column, for what does not compile and for what user code
 * may not do.
 */
export function parseModule(path: string, source: string): ParsedModule {
  const isTypeScript = /\.m?ts$/.test(path);
  const text = isTypeScript ? stripTypes(path, source) : source;
  const arrowEnds: number[] = [];
  const program = parseJavaScript(path, text, arrowEnds);
  const module: ParsedModule = { path, text, imports: [], edits: [], arrowEnds };
  if (isTypeScript) module.edits.push(...unusedTypeImports(program, text));
  const removed = (node: Node) => module.edits.some((edit) => edit.at === node.start);
  fullAncestor(program, (node, _state, ancestors) => {
    visit(module, node as AnyNode, ancestors as AnyNode[], removed);
  });
  return module;
}

/** The text that runs, and by how much its columns differ from the author's. */
export function applyEdits(text: string, edits: Edit[]): { code: string; shifts: ColumnShift[] } {
  const lines = lineStarts(text);
  const shifts: ColumnShift[] = [];
  // Those of the same place stay in their order: an outer body's guard comes before an inner one's.
  const sorted = edits.toSorted((a, b) => a.at - b.at);
  let code = "";
  let done = 0;
  let lineOfShift = 0;
  let by = 0;
  for (const edit of sorted) {
    code += text.slice(done, edit.at) + edit.insert;
    done = edit.at + edit.remove;
    if (edit.insert.length === edit.remove) continue;
    const { line, column } = positionIn(lines, edit.at);
    if (line !== lineOfShift) by = 0;
    lineOfShift = line;
    const columnWhereItEnds = column + edit.insert.length + by;
    by += edit.insert.length - edit.remove;
    shifts.push({ line, column: columnWhereItEnds, by });
  }
  return { code: code + text.slice(done), shifts };
}

/** A ConfigError at a place of user code; `at` is an offset in `text`. */
export function refusal(path: string, text: string, at: number, why: string): ConfigError {
  const { line, column } = positionIn(lineStarts(text), at);
  return new ConfigError(`Cannot load ${path}:${line}:${column}: ${why}`);
}

function stripTypes(path: string, source: string): string {
  try {
    return transformSync(source, { mode: "strip-only" }).code;
  } catch (error) {
    // amaro throws plain objects.
    const { code, message, startLine, startColumn } = error as {
      code?: string;
      message?: string;
      startLine?: number;
      startColumn?: number;
    };
    const where = startLine === undefined ? path : `${path}:${startLine}:${(startColumn ?? 0) + 1}`;
    const advice = code === "UnsupportedSyntax"
      ? ". Types are only taken off, nothing is translated: write it in plain JavaScript " +
        "(a const object for an enum, fields for parameter properties, a module for a namespace)"
      : "";
    throw new ConfigError(`Cannot load ${where}: ${message ?? error}${advice}`);
  }
}

function parseJavaScript(path: string, text: string, arrowEnds: number[]): Program {
  try {
    return parse(text, {
      ecmaVersion: "latest",
      sourceType: "module",
      allowHashBang: true,
      onToken(token) {
        if (token.type === tokTypes.arrow) arrowEnds.push(token.end);
      },
    });
  } catch (error) {
    const { message, pos } = error as SyntaxError & { pos?: number };
    const why = message.replace(/ \(\d+:\d+\)$/, "");
    throw refusal(path, text, pos ?? 0, why);
  }
}

function visit(
  module: ParsedModule,
  node: AnyNode,
  ancestors: AnyNode[],
  removed: (node: Node) => boolean,
): void {
  const refuse = (why: string) => refusal(module.path, module.text, node.start, why);
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportNamedDeclaration":
    case "ExportAllDeclaration":
      if (!node.source || removed(node)) return;
      if (node.attributes?.length > 0) {
        throw refuse('import attributes ("with { … }") are refused: put data into a .ts file');
      }
      module.imports.push(importSite(module, node.source));
      return;
    case "ImportExpression":
      if (node.options) throw refuse("import attributes are refused: put data into a .ts file");
      if (node.source.type !== "Literal" || typeof node.source.value !== "string") {
        throw refuse('import() takes only a text written out, such as import("./levels.ts")');
      }
      module.imports.push(importSite(module, node.source));
      return;
    case "MetaProperty":
      if (node.meta.name === "import") {
        throw refuse("import.meta is refused: user code has no place of its own");
      }
      return;
    case "AwaitExpression":
      if (!isInFunction(ancestors)) throw refuse(TOP_LEVEL_AWAIT);
      return;
    case "ForOfStatement":
      if (node.await && !isInFunction(ancestors)) throw refuse(TOP_LEVEL_AWAIT);
      return guardBody(module, node);
    case "VariableDeclaration":
      if ((node.kind as string) === "await using" && !isInFunction(ancestors)) {
        throw refuse(TOP_LEVEL_AWAIT);
      }
      return;
    case "ForStatement":
    case "ForInStatement":
    case "WhileStatement":
    case "DoWhileStatement":
      return guardBody(module, node);
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      return guardBody(module, node);
    case "Identifier":
    case "PrivateIdentifier":
      if (node.name.startsWith(RESERVED)) {
        throw refuse(`names that begin with "${RESERVED}" are Liu's own: choose another`);
      }
      return;
  }
}

const TOP_LEVEL_AWAIT = "await outside of a function is refused: a file is loaded at once, " +
  "do it in create() or run()";

function importSite(module: ParsedModule, source: Node): ImportSite {
  const raw = module.text.slice(source.start, source.end);
  if (raw.includes("\\")) {
    throw refusal(module.path, module.text, source.start, "a backslash in an import is refused");
  }
  return { specifier: raw.slice(1, -1), at: source.start, length: raw.length };
}

/**
 * Functions are guarded too: deep recursion, callbacks of endless iterators and chains of promises
 * have no loop.
 */
function guardBody(module: ParsedModule, { body, end }: { body: AnyNode; end: number }): void {
  if (body.type === "BlockStatement") {
    module.edits.push({ at: body.start + 1, remove: 0, insert: GUARD });
  } else if (/Statement$|Declaration$/.test(body.type)) {
    module.edits.push({ at: body.start, remove: 0, insert: `{${GUARD}` });
    module.edits.push({ at: body.end, remove: 0, insert: "}" });
  } else {
    // An arrow function's expression; parentheses around it are no part of the expression's node.
    const at = module.arrowEnds.findLast((end) => end <= body.start)!;
    module.edits.push({ at, remove: 0, insert: `{${GUARD}return(` });
    module.edits.push({ at: end, remove: 0, insert: ")}" });
  }
}

function isInFunction(ancestors: AnyNode[]): boolean {
  return ancestors.some((node) => /^(Arrow)?Function/.test(node.type));
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (const found of text.matchAll(/\r\n|[\n\r\u2028\u2029]/g)) {
    starts.push(found.index + found[0].length);
  }
  return starts;
}

function positionIn(starts: number[], offset: number): { line: number; column: number } {
  let line = starts.length;
  while (line > 1 && starts[line - 1] > offset) line--;
  return { line, column: offset - starts[line - 1] + 1 };
}
