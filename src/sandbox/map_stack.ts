import type { Bundle, BundledFile } from "./bundle.ts";

/**
 * Puts the author's files, lines and columns into a text that V8 wrote about bundled code (a stack,
 * a message): `data:text/javascript;liu=x.0,import …:14:63` becomes `strategies/x.ts:14:22`.
 */
export function mapStack(text: string, bundles: Iterable<Bundle>): string {
  const files = new Map<string, BundledFile>();
  for (const { files: ofBundle } of bundles) {
    for (const file of ofBundle) files.set(file.key, file);
  }
  return text
    // In messages: a whole URL in quotes. Quotes inside of it are encoded.
    .replace(/(['"])data:text\/javascript;liu=([\w.]+),[^'"\n]*\1/g, (all, quote, key) => {
      const file = files.get(key);
      return file ? quote + file.path + quote : all;
    })
    // In frames: the URL, often shortened, up to the line's last :line:column.
    .replace(
      /(?:data:text\/javascript);liu=([\w.]+),[^\n]*:(\d+):(\d+)(?=\)?$)/gm,
      (all, key, line, column) => {
        const file = files.get(key);
        return file ? `${file.path}:${line}:${sourceColumn(file, +line, +column)}` : all;
      },
    );
}

/**
 * The place in the author's file that an error was thrown at: the first frame of a mapped stack in
 * user code.
 */
export function firstUserFrame(stack: string, bundles: Iterable<Bundle>): string | null {
  const found = /data:text\/javascript;liu=[\w.]+,[^\n]*:\d+:\d+(?=\)?$)/m.exec(stack);
  return found && mapStack(found[0], bundles);
}

function sourceColumn(file: BundledFile, line: number, column: number): number {
  let by = 0;
  for (const shift of file.shifts) {
    if (shift.line === line && shift.column <= column) by = shift.by;
  }
  return Math.max(1, column - by);
}
