import type { AnyNode, ImportDeclaration, Program } from "acorn";
import { full } from "acorn-walk";
import type { Edit } from "./rewrite_module.ts";

/**
 * `import { Tick } from "liu"` of what turned out to be a type names nothing at run time. As
 * TypeScript does, names that no expression uses are taken out of imports, and an import of such
 * names only is taken out whole.
 */
export function unusedTypeImports(program: Program, text: string): Edit[] {
  const used = usedNames(program);
  const edits: Edit[] = [];
  for (const statement of program.body) {
    if (statement.type !== "ImportDeclaration" || statement.specifiers.length === 0) continue;
    const unused = statement.specifiers.filter((specifier) => !used.has(specifier.local.name));
    if (unused.length === statement.specifiers.length) {
      edits.push(...blank(text, statement.start, statement.end));
      continue;
    }
    for (const specifier of unused) {
      // A default or namespace import beside others can't be cut out by blanks; it exists, or
      // loading says so.
      if (specifier.type !== "ImportSpecifier") continue;
      edits.push(...blank(text, specifier.start, endWithComma(text, specifier.end, statement)));
    }
  }
  return edits;
}

function usedNames(program: Program): Set<string> {
  const used = new Set<string>();
  full(program, (anyNode) => {
    const node = anyNode as AnyNode;
    if (node.type === "Identifier") used.add(node.name);
    if (node.type !== "ExportNamedDeclaration" || node.source) return;
    for (const { local } of node.specifiers) {
      if (local.type === "Identifier") used.add(local.name);
    }
  });
  return used;
}

function endWithComma(text: string, end: number, statement: ImportDeclaration): number {
  const rest = text.slice(end, statement.end);
  const comma = /^(?:\s|\/\/.*|\/\*[^]*?\*\/)*,/.exec(rest);
  return comma ? end + comma[0].length : end;
}

/** One edit a line, so that lines and columns stay. */
function blank(text: string, start: number, end: number): Edit[] {
  return [...text.slice(start, end).matchAll(/[^\n\r\u2028\u2029]+/g)].map((part) => ({
    at: start + part.index,
    remove: part[0].length,
    insert: " ".repeat(part[0].length),
  }));
}
