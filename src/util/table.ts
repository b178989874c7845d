import { styleText } from "node:util";

export type Tone = "good" | "bad" | "dim";
/** A cell's text, with a tone where it has one. */
export type Cell = string | { text: string; tone: Tone };

export interface TableOptions {
  /** Columns of the terminal; columns of text are cut to fit. */
  width: number;
  hasColors: boolean;
  /** Rows below a rule: totals. */
  foot?: Cell[][];
}

/** A table for the terminal, with a line end: columns of numbers to the right, the rest to the left. */
export function table(head: string[], rows: Cell[][], options: TableOptions): string {
  const foot = options.foot ?? [];
  const all = [...rows, ...foot];
  const isNumeric = head.map((_, i) =>
    all.length > 0 && all.every((row) => NUMBER.test(textOf(row[i] ?? "")))
  );
  const widths = fit(
    head.map((title, i) =>
      Math.max(...[title, ...all.map((row) => textOf(row[i] ?? ""))].map(size))
    ),
    isNumeric,
    options.width,
  );
  const line = (cells: Cell[]) =>
    widths.map((width, i) => {
      const cell = cells[i] ?? "";
      const text = cut(textOf(cell), width);
      const padding = " ".repeat(width - size(text));
      const styled = options.hasColors && typeof cell !== "string"
        ? styleText(STYLES[cell.tone], text, { validateStream: false })
        : text;
      return isNumeric[i] ? padding + styled : styled + padding;
    }).join(GAP).trimEnd();
  const rule = widths.map((width) => "─".repeat(width)).join(GAP);
  const lines = [line(head), rule, ...rows.map(line)];
  if (foot.length > 0) lines.push(rule, ...foot.map(line));
  return lines.join("\n") + "\n";
}

const GAP = "  ";
const MIN_WIDTH = 6;
/** "-1,234.50", "+2.5%", "$3", "–" for none. */
const NUMBER = /^([-+]?\$?[\d,]*\.?\d+%?|–|)$/;
const STYLES = { good: "green", bad: "red", dim: "dim" } as const;

/** Takes from the widest columns of text until the table fits; numbers are never cut. */
function fit(widths: number[], isNumeric: boolean[], width: number): number[] {
  const fitted = [...widths];
  const total = () => fitted.reduce((sum, w) => sum + w, GAP.length * (fitted.length - 1));
  while (total() > width) {
    let widest = -1;
    for (const [i, w] of fitted.entries()) {
      if (!isNumeric[i] && w > MIN_WIDTH && (widest < 0 || w > fitted[widest]!)) widest = i;
    }
    if (widest < 0) break;
    fitted[widest]!--;
  }
  return fitted;
}

function textOf(cell: Cell): string {
  return typeof cell === "string" ? cell : cell.text;
}

function cut(text: string, width: number): string {
  return size(text) <= width ? text : [...text].slice(0, width - 1).join("") + "…";
}

function size(text: string): number {
  return [...text].length;
}
