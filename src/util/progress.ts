/**
 * One line at the foot of a terminal that changes in place: a status or a progress bar.
 * Invariant: where the output is no terminal, nothing of it is written.
 */
export class StatusLine {
  #text = "";
  #drawnMs = -Infinity;

  constructor(
    private readonly options: {
      isTerminal: boolean;
      /** Columns of the terminal now. */
      columns(): number;
      write(text: string): void;
      /** A monotonic clock. */
      nowMs(): number;
    },
  ) {}

  /** Shows `text`, at most ten times a second. */
  set(text: string): void {
    this.#text = text;
    const { nowMs } = this.options;
    if (nowMs() - this.#drawnMs < 100) return;
    this.#drawnMs = nowMs();
    this.#draw(text);
  }

  /** Writes whole lines (with their ends) above the status; `write`: where else than the status goes. */
  print(lines: string, write: (text: string) => void = this.options.write): void {
    this.#draw("");
    write(lines);
    this.#draw(this.#text);
  }

  /** Takes the status away. */
  clear(): void {
    this.#draw("");
    this.#text = "";
    this.#drawnMs = -Infinity;
  }

  #draw(text: string): void {
    if (!this.options.isTerminal || (text === "" && this.#text === "")) return;
    const columns = Math.max(1, this.options.columns() - 1);
    this.options.write("\r\x1b[K" + [...text].slice(0, columns).join(""));
  }
}

/** "[████████········] 50% label" */
export function progressBar(done: number, total: number, label: string): string {
  const share = total > 0 ? Math.min(1, done / total) : 0;
  const full = Math.round(share * BAR_WIDTH);
  const bar = "█".repeat(full) + "·".repeat(BAR_WIDTH - full);
  return `[${bar}] ${String(Math.floor(share * 100)).padStart(3)}% ${label}`;
}

const BAR_WIDTH = 24;
