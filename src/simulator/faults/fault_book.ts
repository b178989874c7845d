/**
 * Which faults there are, and whose turn it is.
 * Invariant: what is injected follows from the plan, its seed and the order of occasions; no fault
 * takes from another's chance.
 */
import {
  FAULT_KINDS,
  type FaultKind,
  type FaultOf,
  type FaultSpec,
} from "../../config/fault_kinds.ts";
import { readFault } from "../../config/fault_plan.ts";
import { exchangeDate, exchangeUs } from "../../model/calendar.ts";
import { Random } from "../random.ts";

/** What has happened so far at the exchange. */
export interface FaultCounts {
  requests: number;
  orders: number;
  fills: number;
  frames: number;
}

export interface Injection {
  /** The fault's number. */
  id: number;
  kind: FaultKind;
  timeUs: number;
  symbol: string | null;
  /** What it met: "POST /v2/orders", an order's client id, a socket. */
  what: string;
}

export interface LiveFault<S extends FaultSpec = FaultSpec> {
  readonly id: number;
  readonly name: string;
  readonly spec: S;
  readonly random: Random;
  /** Occasions since its conditions are met. */
  occasions: number;
  injected: number;
  /** Since when its conditions are met; NaN: they are not. */
  sinceUs: number;
}

/** What an occasion is about. */
export interface Occasion {
  symbol: string | null;
  what: string;
  /** Further conditions of the kind itself. */
  fits?(spec: FaultSpec): boolean;
}

/** Injections that are kept. */
const LOG_MAX = 10_000;

export class FaultBook {
  readonly counts: FaultCounts = { requests: 0, orders: 0, fills: 0, frames: 0 };
  /** The newest ones. */
  readonly log: Injection[] = [];
  /** Ids of orders that others than the trader made: by hand, by the broker. */
  readonly othersOrders = new Set<string>();
  readonly #faults: LiveFault[] = [];
  readonly #waiting: { wants(): boolean; resolve(): void }[] = [];
  readonly #gone: (fault: LiveFault) => void;
  #next = 1;

  constructor(
    readonly options: {
      seed: number;
      startUs: number;
      nowUs(): number;
      step(): number;
      /** Its last effect is to be taken back. */
      onRemoved(fault: LiveFault): void;
    },
  ) {
    this.#gone = (fault) => options.onRemoved(fault);
  }

  add(spec: FaultSpec): LiveFault {
    const id = this.#next++;
    const { seed } = this.options;
    const fault: LiveFault = {
      id,
      name: spec.name ?? `${spec.kind} ${id}`,
      spec,
      random: spec.seed === undefined ? new Random(seed, id) : new Random(spec.seed),
      occasions: 0,
      injected: 0,
      sinceUs: NaN,
    };
    this.#faults.push(fault);
    this.#look(fault);
    return fault;
  }

  /** As JSON has it. Throws ConfigError. */
  addWritten(value: unknown): LiveFault {
    return this.add(readFault(value));
  }

  /** False: there is no such fault. */
  remove(id: number): boolean {
    const at = this.#faults.findIndex((fault) => fault.id === id);
    if (at < 0) return false;
    this.#gone(this.#faults.splice(at, 1)[0]);
    return true;
  }

  clear(): void {
    for (const fault of this.#faults.splice(0)) this.#gone(fault);
  }

  list(): readonly LiveFault[] {
    return this.#faults;
  }

  get(id: number): LiveFault | null {
    return this.#faults.find((fault) => fault.id === id) ?? null;
  }

  /** The first fault of these kinds whose turn it is; it is noted as injected. */
  take<K extends FaultKind>(
    kinds: readonly K[],
    occasion: Occasion,
  ): LiveFault<FaultOf<K>> | null {
    let taken: LiveFault | null = null;
    for (const fault of this.#faults) {
      if (!(kinds as readonly FaultKind[]).includes(fault.spec.kind)) continue;
      // All count their occasions, one of them is injected.
      if (this.#isTurn(fault, occasion)) taken ??= fault;
    }
    if (taken !== null) this.note(taken, occasion);
    return taken as LiveFault<FaultOf<K>> | null;
  }

  /** A fault that is in force, of this kind and for this symbol. Nothing is noted. */
  inForce<K extends FaultKind>(kind: K, symbol: string | null = null): LiveFault<FaultOf<K>>[] {
    return this.#faults.filter((fault) => {
      if (fault.spec.kind !== kind || !this.#look(fault)) return false;
      const { symbols } = fault.spec;
      if (symbols !== undefined && symbol !== null && !symbols.includes(symbol)) return false;
      const seconds = "seconds" in fault.spec ? fault.spec.seconds : undefined;
      return seconds === undefined || this.options.nowUs() < fault.sinceUs + seconds * 1e6;
    }) as LiveFault<FaultOf<K>>[];
  }

  /** One that is in force has shown itself for the first time. */
  noteOnce(fault: LiveFault, occasion: Occasion): void {
    if (fault.injected === 0) this.note(fault, occasion);
  }

  note(fault: LiveFault, { symbol, what }: Occasion): void {
    fault.injected++;
    const { id, spec: { kind } } = fault;
    if (this.log.length >= LOG_MAX) this.log.shift();
    this.log.push({ id, kind, timeUs: this.options.nowUs(), symbol, what });
    this.wake();
  }

  /** Resolves when `wants` holds: looked at after each injection, and whenever something is counted. */
  until(wants: () => boolean): Promise<void> {
    if (wants()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ wants, resolve }));
  }

  count(what: keyof FaultCounts): void {
    this.counts[what]++;
    if (this.#waiting.length > 0) this.wake();
  }

  wake(): void {
    const done = this.#waiting.filter(({ wants }) => wants());
    for (const waiting of done) {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      waiting.resolve();
    }
  }

  /** A time of day is that of the day on which the exchange's clock began. */
  #usOf(moment: number | string): number {
    if (typeof moment === "number") return moment;
    return exchangeUs(exchangeDate(this.options.startUs), moment);
  }

  /** True: its conditions are met. Notes when that began. */
  #look(fault: LiveFault): boolean {
    const { until } = fault.spec;
    if (until !== undefined && this.options.nowUs() >= this.#usOf(until)) return false;
    if (!Number.isNaN(fault.sinceUs)) return true;
    const { at, step, after } = fault.spec;
    const { nowUs } = this.options;
    if (at !== undefined && nowUs() < this.#usOf(at)) return false;
    if (step !== undefined && this.options.step() < step) return false;
    for (const [what, count] of Object.entries(after ?? {})) {
      if (this.counts[what as keyof FaultCounts] < (count ?? 0)) return false;
    }
    fault.sinceUs = nowUs();
    return true;
  }

  /** Of what waits for the clock: this moment is an occasion, and it is its turn. */
  isTurn(fault: LiveFault): boolean {
    return this.#isTurn(fault, { symbol: null, what: "" });
  }

  #isTurn(fault: LiveFault, { symbol, fits }: Occasion): boolean {
    const { spec } = fault;
    const isEndless = spec.every !== undefined || spec.probability !== undefined;
    if (fault.injected >= (spec.times ?? (isEndless ? Infinity : 1))) return false;
    if (!this.#look(fault)) return false;
    // What happens to a market happens to the symbols that are named; all else asks for them.
    if (asksForSymbol(spec) && spec.symbols !== undefined) {
      if (symbol === null || !spec.symbols.includes(symbol)) return false;
    }
    if (fits !== undefined && !fits(spec)) return false;
    fault.occasions++;
    if (spec.nth !== undefined && fault.occasions < spec.nth) return false;
    if (spec.every !== undefined && fault.occasions % spec.every !== 0) return false;
    return spec.probability === undefined || fault.random.between(0, 1) < spec.probability;
  }
}

function asksForSymbol({ kind }: FaultSpec): boolean {
  return ["request", "order", "cancel", "replace", "update", "leg"].includes(FAULT_KINDS[kind].on);
}
