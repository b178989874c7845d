/** A session on the terminal: one line a trade, one a problem, a status line, and tables at the end. */
import type { BatchAnalysis, Gain } from "../analysis/batch_analysis.ts";
import type { SessionEvent } from "../engine/session_options.ts";
import { exchangeTime } from "../model/calendar.ts";
import { StatusLine } from "../util/progress.ts";
import { type Cell, table } from "../util/table.ts";
import type { Host } from "../contracts/command.ts";

const FEES_NOT_REPORTED = "Fees: not reported by the broker; the gains are before fees.\n";

/** Prints a session's events as they happen. */
export class SessionReport {
  readonly #line: StatusLine;
  readonly #host: Host;
  readonly #hasColors: boolean;
  readonly #denials = new Map<string, number>();
  #startEquity = NaN;
  #rows = 0;
  #rowsMs = 0;

  constructor(host: Host) {
    this.#host = host;
    this.#hasColors = host.isOutTerminal && !host.env.NO_COLOR;
    this.#line = new StatusLine({
      isTerminal: host.isOutTerminal,
      columns: () => host.columns(),
      write: (text) => host.out(text),
      nowMs: () => performance.now(),
    });
  }

  /** A whole line above the status. */
  print(text: string): void {
    this.#line.print(`${text}\n`);
  }

  /** A log's line on stderr, which may be the same terminal. */
  readonly printError = (line: string): void =>
    this.#line.print(line, (text) => this.#host.err(text));

  onEvent(event: SessionEvent): void {
    switch (event.type) {
      case "phase":
        return this.print(`${exchangeTime(event.timeUs)} ${event.text}`);
      case "scan":
        if (event.added.length > 0) {
          const { scanner, added, timeUs } = event;
          this.print(`${exchangeTime(timeUs)} ${scanner} picked ${added.join(" ")}`);
        }
        return;
      case "trade":
        return this.print(this.#tradeLine(event));
      case "denial": {
        const { denial: { timeUs, symbol, by, code, message }, strategy } = event;
        // A strategy may ask again each minute: the first is told, all are stored.
        const key = JSON.stringify([strategy, symbol, by, code]);
        const times = (this.#denials.get(key) ?? 0) + 1;
        this.#denials.set(key, times);
        if (times > 1) return;
        const verb = by === "risk" ? "denied by risk" : "refused by the broker";
        return this.print(
          this.#fit(
            `${exchangeTime(timeUs)} ${symbol.padEnd(7)} ${strategy} ${verb} (${code}): ${message}`,
          ),
        );
      }
      case "reject": {
        const { timeUs, symbol, strategy, reason } = event;
        return this.print(
          `${exchangeTime(timeUs)} ${symbol.padEnd(7)} given up by ${strategy}: ${reason}`,
        );
      }
      case "strategyFailed":
        return this.print(failureText(event));
      case "lost": {
        const { symbol, lagSeconds, rowsLost } = event;
        const lag = lagSeconds.toFixed(1);
        return this.print(`${symbol}: ${lag} s behind; ${rowsLost} market events dropped`);
      }
      case "status":
        return this.#status(event);
      default:
        event satisfies never;
    }
  }

  /** Takes the status line away. */
  end(): void {
    this.#line.clear();
  }

  /** Denials that were not told because they repeated one; "" without any. */
  repeatedDenials(): string {
    const repeated = [...this.#denials.values()].reduce((sum, times) => sum + times - 1, 0);
    return repeated === 0 ? "" : `${repeated} more denials of the same kinds are stored.\n`;
  }

  /** By symbol and strategy, by strategy, and the totals. */
  analysis({ rows, strategies, totals, hasFees }: BatchAnalysis): string {
    const options = { width: this.#host.columns(), hasColors: this.#hasColors };
    // What is still held shows only where something is.
    const isOpen = rows.some(({ openQty }) => openQty !== "0");
    const head = ["trades", "won", "fills", "gain", "gain %", "r", "fees"];
    const cells = (gain: Gain) => this.#gainCells(gain, hasFees);
    const total = cells(totals);
    return table(
      ["symbol", "strategy", ...head, ...(isOpen ? ["still open"] : [])],
      rows.map((row) => [
        row.symbol,
        row.strategy,
        ...cells(row),
        ...(isOpen ? [row.openQty === "0" ? "" : row.openQty] : []),
      ]),
      { ...options, foot: [["total", "", ...total]] },
    ) + "\n" + table(
      ["strategy", ...head],
      strategies.map((row) => [row.strategy, ...cells(row)]),
      { ...options, foot: [["total", ...total]] },
    ) + (hasFees || totals.executions === 0 ? "" : FEES_NOT_REPORTED);
  }

  #gainCells(gain: Gain, hasFees: boolean): Cell[] {
    return [
      String(gain.trades),
      String(gain.wins),
      String(gain.executions),
      this.#signed(gain.gainValue, 2),
      this.#signed(gain.gainPercentage, 2, "%"),
      gain.rUnits === null ? "–" : this.#signed(gain.rUnits, 2),
      hasFees ? fixed(gain.fees, 2) : "–",
    ];
  }

  #tradeLine({ line, strategy }: Extract<SessionEvent, { type: "trade" }>): string {
    const gain = line.gain === null ? "" : plus(line.gain.toFixed(2));
    const text = [
      exchangeTime(line.timeUs),
      line.symbol.padEnd(7),
      line.operation.padEnd(10),
      `${line.qty.padStart(7)} @ ${line.price.padEnd(8)}`,
      line.partial ? "part" : "    ",
      gain.padStart(8),
      `${strategy}: ${line.reason}`,
    ].join(" ");
    return this.#fit(text);
  }

  /** A line that a terminal shows as one. */
  #fit(text: string): string {
    return this.#host.isOutTerminal ? text.slice(0, Math.max(60, this.#host.columns() - 1)) : text;
  }

  #status(event: Extract<SessionEvent, { type: "status" }>): void {
    const { account, timeUs, positions, openOrders, symbols, rows, dropped } = event;
    if (Number.isNaN(this.#startEquity)) this.#startEquity = account.equity;
    const gain = account.equity - this.#startEquity;
    const nowMs = performance.now();
    const perSecond = (rows - this.#rows) / Math.max(1, nowMs - this.#rowsMs) * 1000;
    this.#rows = rows;
    this.#rowsMs = nowMs;
    const lost = dropped > 0 ? `  ${dropped} lost` : "";
    this.#line.set(
      `${exchangeTime(timeUs)}  equity ${account.equity.toFixed(2)} (${plus(gain.toFixed(2))})  ` +
        `${positions} positions  ${openOrders} orders  ${symbols} symbols  ` +
        `${Math.round(perSecond)} events/s${lost}`,
    );
  }

  #signed(value: string, decimals: number, unit = ""): Cell {
    const text = plus(fixed(value, decimals)) + unit;
    const number = Number(value);
    if (number === 0) return text;
    return { text, tone: number > 0 ? "good" : "bad" };
  }
}

/** What a user's code threw, with its lines, and what to do. */
function failureText(event: Extract<SessionEvent, { type: "strategyFailed" }>): string {
  const { strategy, message, stack } = event;
  // The author's own frames: Liu's are addresses, and help nobody here.
  const frames = stack.split("\n")
    .filter((line) => /^\s*at /.test(line) && !/(file|ext|node):/.test(line)).slice(0, 5);
  return [`Stopped "${strategy}": ${message}`, ...frames, "The others run on."].join("\n");
}

function fixed(value: string, decimals: number): string {
  return Number(value).toFixed(decimals);
}

function plus(text: string): string {
  return text.startsWith("-") ? text : `+${text}`;
}
