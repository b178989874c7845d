/**
 * On which line each key of a TOML text stands: the parser gives values only.
 * Invariant: reads only texts that the parser has accepted, so that it need not find errors itself.
 */

import { parse } from "smol-toml";

/** A key's way from the top: names of tables and keys, indexes of arrays. */
export type TomlPath = readonly (string | number)[];

export class TomlLines {
  readonly #lines = new Map<string, number>();

  constructor(text: string) {
    new Scan(text, (path, line) => {
      const key = JSON.stringify(path);
      if (!this.#lines.has(key)) this.#lines.set(key, line);
    }).document();
  }

  /** Line (from 1) of the key at `path`, else of the nearest table around it, else 1. */
  lineOf(path: TomlPath): number {
    for (let length = path.length; length > 0; length--) {
      const line = this.#lines.get(JSON.stringify(path.slice(0, length)));
      if (line !== undefined) return line;
    }
    return 1;
  }
}

class Scan {
  #at = 0;
  #line = 1;
  /** Last index of each array of tables, by its path. */
  readonly #lastIndex = new Map<string, number>();

  constructor(readonly text: string, readonly found: (path: TomlPath, line: number) => void) {}

  document(): void {
    let table: TomlPath = [];
    for (this.#blank(); this.#at < this.text.length; this.#blank()) {
      if (this.text[this.#at] === "[") table = this.#header();
      else this.#keyValue(table);
    }
  }

  #header(): TomlPath {
    const line = this.#line;
    const isArray = this.text.startsWith("[[", this.#at);
    this.#skip(isArray ? 2 : 1);
    const names = this.#dottedKey();
    this.#skip(isArray ? 2 : 1);
    const path: (string | number)[] = [];
    for (const [i, name] of names.entries()) {
      path.push(name);
      const key = JSON.stringify(path);
      this.found(path.slice(), line);
      const last = this.#lastIndex.get(key);
      if (isArray && i === names.length - 1) {
        this.#lastIndex.set(key, (last ?? -1) + 1);
        path.push((last ?? -1) + 1);
      } else if (last !== undefined) path.push(last);
    }
    this.found(path, line);
    return path;
  }

  #keyValue(table: TomlPath): void {
    const line = this.#line;
    const path = [...table];
    for (const name of this.#dottedKey()) {
      path.push(name);
      this.found(path.slice(), line);
    }
    this.#skip(1); // "="
    this.#value(path);
  }

  #dottedKey(): string[] {
    const names: string[] = [];
    for (;;) {
      this.#blank();
      const quote = this.text[this.#at];
      if (quote === '"' || quote === "'") {
        const start = this.#at;
        this.#string();
        const raw = this.text.slice(start, this.#at);
        names.push(Object.keys(parse(`${raw} = 0`))[0]!);
      } else {
        const start = this.#at;
        while (/[A-Za-z0-9_-]/.test(this.text[this.#at] ?? "")) this.#at++;
        names.push(this.text.slice(start, this.#at));
      }
      this.#blank();
      if (this.text[this.#at] !== ".") return names;
      this.#skip(1);
    }
  }

  #value(path: TomlPath): void {
    this.#blank();
    const first = this.text[this.#at];
    if (first === "[") this.#array(path);
    else if (first === "{") this.#inlineTable(path);
    else if (first === '"' || first === "'") this.#string();
    else this.#bareValue();
  }

  /** A number, boolean or date. */
  #bareValue(): void {
    while (this.#at < this.text.length && !/[,\]}#\n]/.test(this.text[this.#at]!)) this.#at++;
  }

  #array(path: TomlPath): void {
    this.#skip(1);
    for (let i = 0;; i++) {
      this.#blank();
      if (this.#at >= this.text.length || this.text[this.#at] === "]") break;
      this.found([...path, i], this.#line);
      this.#value([...path, i]);
      this.#blank();
      if (this.text[this.#at] === ",") this.#skip(1);
    }
    this.#skip(1);
  }

  #inlineTable(path: TomlPath): void {
    this.#skip(1);
    for (;;) {
      this.#blank();
      if (this.#at >= this.text.length || this.text[this.#at] === "}") break;
      this.#keyValue(path);
      this.#blank();
      if (this.text[this.#at] === ",") this.#skip(1);
    }
    this.#skip(1);
  }

  #string(): void {
    const quote = this.text[this.#at]!;
    const isLong = this.text.startsWith(quote.repeat(3), this.#at);
    const end = isLong ? quote.repeat(3) : quote;
    this.#skip(end.length);
    while (this.#at < this.text.length && !this.text.startsWith(end, this.#at)) {
      this.#skip(quote === '"' && this.text[this.#at] === "\\" ? 2 : 1);
    }
    this.#skip(end.length);
    // Up to two quotes may stand before the closing three.
    while (isLong && this.text[this.#at] === quote) this.#skip(1);
  }

  /** White space, line ends and comments. */
  #blank(): void {
    while (this.#at < this.text.length) {
      if (this.text[this.#at] === "#") {
        while (this.#at < this.text.length && this.text[this.#at] !== "\n") this.#at++;
      } else if (/\s/.test(this.text[this.#at]!)) this.#skip(1);
      else return;
    }
  }

  #skip(count: number): void {
    for (; count > 0; count--) if (this.text[this.#at++] === "\n") this.#line++;
  }
}
