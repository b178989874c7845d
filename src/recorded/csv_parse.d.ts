/**
 * What is used of csv-parse. Its own declarations refer to Node's types as a package, which is then
 * resolved to whatever version another dependency has, and takes the place of Deno's.
 */
export interface Options {
  bom: boolean;
  trim: boolean;
  skip_empty_lines: boolean;
  relax_column_count: boolean;
  /** What it returns is collected; null: nothing is. `lines`: of the file so far. */
  on_record(record: string[], context: { lines: number }): null;
}

export function parse(text: string, options: Options): void;
