/**
 * The producer: takes rows from the providers' streams and routes them to consumers, each through one bounded queue.
 *
 * Invariants: a socket is never held up by a receiver; a full queue drops market rows, counts them, and marks the
 * symbol with a gap row; under a stepping exchange nothing is dropped, because it waits for the acknowledgement.
 */
import type { MarketSink } from "../contracts/provider.ts";
import { MarketBatch, RowKind } from "../model/market_batch.ts";
import type { MarketMessage, SymbolsMessage } from "../protocol.ts";
import type { SymbolTable } from "../util/symbol_table.ts";

/** Rows in a batch. A batch leaves earlier when its receiver has none outstanding. */
const BATCH_ROWS = 2048;
/** Batches on their way to one receiver before its queue counts as full. */
const OUTSTANDING_MAX = 16;
/** A receiver's bit must fit in a 31-bit mask. */
export const RECEIVERS_MAX = 30;

/** Hears what one stream sends; what is asked of it for each row is two fields. */
export interface StreamEar {
  /** Rows so far. */
  rows: number;
  /** It wants to hear of all rows, not of statuses only. */
  hearsAll: boolean;
  hear(kind: RowKind, symbol: number, timeUs: number, a: number): void;
}

export interface ReceiverPort {
  post(message: MarketMessage | SymbolsMessage, transfer: ArrayBuffer[]): void;
}

export class Producer {
  readonly #symbols: SymbolTable;
  readonly #receivers: Receiver[] = [];
  /** Receivers of a symbol, as a mask by symbol id. */
  #routes = new Int32Array(1024);
  readonly #isLossless: () => boolean;
  #waiting: (() => void)[] = [];
  #streams = 0;
  #isStarted = false;
  readonly #stepOf: number[] = [];
  #stepTimeUs = 0;
  #isLastStep = false;
  #endedStep = -1;
  readonly #onStep: (n: number, timeUs: number, isLast: boolean) => void;

  constructor(options: {
    symbols: SymbolTable;
    /** True: the exchange waits for us, and nothing is dropped. */
    isLossless(): boolean;
    /** All streams have sent all of step `n`; the receivers have been given it. */
    onStep(n: number, timeUs: number, isLast: boolean): void;
  }) {
    this.#symbols = options.symbols;
    this.#isLossless = options.isLossless;
    this.#onStep = options.onStep;
  }

  /** Adds a receiver and gives its number. `sequence`: where its newest sequence number is shown, Float64 at 0. */
  addReceiver(port: ReceiverPort, sequence: SharedArrayBuffer): number {
    if (this.#receivers.length === RECEIVERS_MAX) {
      throw new Error(`the producer can serve ${RECEIVERS_MAX} receivers, no more`);
    }
    this.#receivers.push(new Receiver(port, sequence, this.#symbols, this.#isLossless));
    return this.#receivers.length - 1;
  }

  /** A receiver is gone, with what was on its way to it: its rows are left out until it resumes. */
  pause(receiver: number): void {
    this.#receivers[receiver].pause();
    this.#tellReturned();
  }

  /** Its rows go to this port from now on. */
  resume(receiver: number, port: ReceiverPort): void {
    this.#receivers[receiver].resume(port);
  }

  /** Rows of `symbol` go to `receiver` from now on. */
  route(symbol: string, receiver: number): void {
    const id = this.#symbols.idOf(symbol);
    if (id >= this.#routes.length) {
      const grown = new Int32Array(Math.max(id + 1, this.#routes.length * 2));
      grown.set(this.#routes);
      this.#routes = grown;
    }
    this.#routes[id] |= 1 << receiver;
    this.#receivers[receiver].learnSymbols();
  }

  /** Ends that; true when nobody follows the symbol any more. */
  unroute(symbol: string, receiver: number): boolean {
    const id = this.#symbols.find(symbol);
    if (id < 0 || id >= this.#routes.length) return true;
    this.#routes[id] &= ~(1 << receiver);
    return this.#routes[id] === 0;
  }

  isRouted(symbol: string): boolean {
    const id = this.#symbols.find(symbol);
    return id >= 0 && id < this.#routes.length && this.#routes[id] !== 0;
  }

  /** A batch that a receiver has worked off. */
  returned(receiver: number, buffer: ArrayBuffer): void {
    this.#receivers[receiver].returned(buffer);
    this.#tellReturned();
  }

  #tellReturned(): void {
    if (this.#isOnTheWay) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Resolves when the receivers have worked off all that they were given. */
  allReturned(): Promise<void> {
    if (!this.#isOnTheWay) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  get #isOnTheWay(): boolean {
    return this.#receivers.some((receiver) => receiver.isOnTheWay);
  }

  /** Rows given to receivers, and rows dropped because a queue was full. */
  get counts(): { rows: number; dropped: number } {
    let rows = 0, dropped = 0;
    for (const receiver of this.#receivers) {
      rows += receiver.rows;
      dropped += receiver.dropped;
    }
    return { rows, dropped };
  }

  /** Rows that a receiver has not worked off, by its number. */
  get waiting(): number[] {
    return this.#receivers.map((receiver) => receiver.waitingRows);
  }

  /** The sink of one more stream. */
  addStream(ear: StreamEar = { rows: 0, hearsAll: false, hear() {} }): MarketSink {
    const stream = this.#streams++;
    this.#stepOf.push(-1);
    return {
      find: (symbol) => this.#symbols.find(symbol),
      row: (kind, symbol, timeUs, a, b, c, d, e, f, g) => {
        ear.rows++;
        if (kind === RowKind.status || ear.hearsAll) ear.hear(kind, symbol, timeUs, a);
        this.row(kind, symbol, timeUs, a, b, c, d, e, f, g);
      },
      frameEnd: () => this.frameEnd(),
      step: (n, timeUs, isLast) => this.#streamStep(stream, n, timeUs, isLast),
    };
  }

  row(
    kind: RowKind,
    symbol: number,
    timeUs: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
    g: number,
  ): void {
    let mask = symbol < this.#routes.length ? this.#routes[symbol] : 0;
    while (mask !== 0) {
      const receiver = 31 - Math.clz32(mask);
      mask &= ~(1 << receiver);
      this.#receivers[receiver].push(kind, symbol, timeUs, a, b, c, d, e, f, g);
    }
  }

  frameEnd(): void {
    for (const receiver of this.#receivers) receiver.sendIfIdle();
  }

  /** Rows of these symbols are being lost (`goesOn`), or were. */
  markGap(symbols: Iterable<string>, timeUs: number, goesOn: boolean): void {
    for (const symbol of symbols) {
      const id = this.#symbols.find(symbol);
      if (id >= 0) this.row(RowKind.gap, id, timeUs, -1, goesOn ? 1 : 0, 0, 0, 0, 0, 0);
    }
    this.frameEnd();
  }

  /** All streams have been opened: a step is one over all of them. */
  start(): void {
    this.#isStarted = true;
    if (this.#streams > 0) this.#endStep(this.#stepOf[0]);
  }

  #streamStep(stream: number, n: number, timeUs: number, isLast: boolean): void {
    this.#isLastStep = isLast;
    this.#stepOf[stream] = n;
    this.#stepTimeUs = timeUs;
    if (this.#isStarted) this.#endStep(n);
  }

  #endStep(n: number): void {
    for (let i = 0; i < this.#streams; i++) if (this.#stepOf[i] !== n || n < 0) return;
    const timeUs = this.#stepTimeUs;
    // A stream that was connected again gets the current step's marker once more: it is to be acknowledged only.
    const isRepeated = n === this.#endedStep;
    this.#endedStep = n;
    for (const receiver of isRepeated ? [] : this.#receivers) {
      receiver.push(RowKind.step, 0, timeUs, n, 0, 0, 0, 0, 0, 0);
      receiver.sendNow();
    }
    this.#onStep(n, timeUs, this.#isLastStep);
  }
}

/** One receiver's bounded queue of batches. */
class Receiver {
  rows = 0;
  dropped = 0;
  #outstanding = 0;
  #batch = new MarketBatch(BATCH_ROWS);
  #seq = 0;
  #symbolsKnown = 0;
  /** Rows of each batch that is on its way; they come back in order. */
  readonly #lengths: number[] = [];
  readonly #free: ArrayBuffer[] = [];
  readonly #gaps = new Set<number>();
  readonly #shown: Float64Array;
  #isPaused = false;

  constructor(
    public port: ReceiverPort,
    sequence: SharedArrayBuffer,
    readonly symbols: SymbolTable,
    readonly isLossless: () => boolean,
  ) {
    this.#shown = new Float64Array(sequence);
  }

  get isOnTheWay(): boolean {
    return this.#outstanding > 0;
  }

  pause(): void {
    this.#isPaused = true;
    this.#outstanding = 0;
    this.#gaps.clear();
    this.#batch = new MarketBatch(BATCH_ROWS);
    this.#batch.firstSeq = this.#seq;
  }

  resume(port: ReceiverPort): void {
    this.port = port;
    this.#isPaused = false;
    this.#symbolsKnown = 0;
    this.learnSymbols();
  }

  get waitingRows(): number {
    let rows = this.#batch.length;
    for (const length of this.#lengths) rows += length;
    return rows;
  }

  /** Names come before the first row that uses their ids. */
  learnSymbols(): void {
    if (this.#isPaused || this.#symbolsKnown === this.symbols.size) return;
    const names = this.symbols.namesFrom(this.#symbolsKnown);
    this.port.post({ type: "symbols", first: this.#symbolsKnown, names }, []);
    this.#symbolsKnown = this.symbols.size;
  }

  push(
    kind: RowKind,
    symbol: number,
    timeUs: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
    g: number,
  ): void {
    if (this.#isPaused) return;
    if (this.#batch.isFull && !this.#makeRoom(symbol)) return;
    this.#batch.push(kind, symbol, timeUs, a, b, c, d, e, f, g);
    this.#seq++;
    this.#shown[0] = this.#seq;
  }

  /** Sends the full batch; where too many are on their way, drops the row and remembers the gap. */
  #makeRoom(symbol: number): boolean {
    if (this.#outstanding < OUTSTANDING_MAX || this.isLossless()) {
      this.sendNow();
      return true;
    }
    this.dropped++;
    this.#gaps.add(symbol);
    return false;
  }

  sendIfIdle(): void {
    if (this.#outstanding === 0) this.sendNow();
  }

  sendNow(): void {
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.rows += batch.length;
    this.#outstanding++;
    this.#lengths.push(batch.length);
    this.port.post({
      type: "market",
      buffer: batch.buffer,
      length: batch.length,
      firstSeq: batch.firstSeq,
    }, [batch.buffer]);
    const buffer = this.#free.pop();
    this.#batch = buffer ? MarketBatch.over(buffer, 0, 0) : new MarketBatch(BATCH_ROWS);
    this.#batch.firstSeq = this.#seq;
  }

  returned(buffer: ArrayBuffer): void {
    this.#outstanding--;
    this.#lengths.shift();
    if (this.#free.length < OUTSTANDING_MAX) this.#free.push(buffer);
    this.sendNow();
    // Ahead of the rows that come next; those without room wait for the next return.
    for (const symbol of this.#gaps) {
      if (this.#batch.isFull) break;
      this.#gaps.delete(symbol);
      this.push(RowKind.gap, symbol, 0, -1, 0, 0, 0, 0, 0, 0);
    }
    this.sendIfIdle();
  }
}
