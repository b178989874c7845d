// What user code finds in its worker: the language, Liu, and the market's time. Runs before any
// user code.
// Invariant: user code has no way out of its worker but the values it returns, no clock and no
// chance but those passed in, and no object in common with other user code that can be changed.
import { harden, hiddenIntrinsics } from "./harden.ts";
import { marketTime } from "./market_time.ts";
import { plainData } from "./plain_data.ts";

export type LogLevel = "debug" | "info" | "warning" | "error";

export interface LockdownOptions {
  /** What Date and Temporal tell, in microseconds since the epoch. */
  nowUs(): number;
  /** What Math.random gives: in [0, 1), seeded. */
  random(): number;
  /** Where console.log and its like go. */
  log(level: LogLevel, text: string): void;
  /**
   * A promise was rejected and nobody waited for it: by user code, most often (describeThrown
   * tells). It would end the worker; here it doesn't.
   */
  rejected(reason: unknown): void;
  /**
   * What user code can reach besides the language: `liu`'s exports (a module namespace), and the
   * classes of whatever is passed to it (bars, indicators). All of it is frozen, statics and
   * prototypes included.
   */
  shared: readonly unknown[];
  /** Globals that a grant of the plan gives back: NETWORK_GLOBALS. They are frozen too. */
  granted?: readonly string[];
}

/**
 * For user code whose section of the plan grants `net`. Hosts are held by the worker's permissions.
 */
export const NETWORK_GLOBALS: readonly string[] = [
  "fetch",
  "Headers",
  "Request",
  "Response",
  "FormData",
  "Blob",
  "URL",
  "URLSearchParams",
  "TextEncoder",
  "TextDecoder",
  "AbortController",
  "AbortSignal",
  "DOMException",
];

/** What the worker's own code goes on using: afterwards there is no global of that name. */
export interface Natives {
  setTimeout: typeof globalThis.setTimeout;
  clearTimeout: typeof globalThis.clearTimeout;
  /** Monotonic, ms. */
  performanceNowMs(): number;
}

/**
 * All that stays. Whatever a runtime's next version adds is taken away until it is named here.
 * Left out of the language: eval, Function (see below), WebAssembly, SharedArrayBuffer and Atomics
 * (a clock, and a way to block the worker), WeakRef and FinalizationRegistry (they show when
 * garbage is collected).
 * Left out of the platform: everything, timers too. Strategies are synchronous; scanners and miners
 * wait for what their context gives.
 */
const LANGUAGE: readonly string[] = [
  ..."Object Array Number Boolean String Symbol BigInt Promise RegExp Math JSON Intl Reflect Proxy"
    .split(" "),
  ..."Map Set WeakMap WeakSet Iterator ArrayBuffer DataView Temporal Date Function".split(" "),
  ..."Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array Uint8ClampedArray".split(
    " ",
  ),
  ..."BigUint64Array BigInt64Array Float16Array Float32Array Float64Array".split(" "),
  ..."Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError"
    .split(" "),
  ..."SuppressedError DisposableStack AsyncDisposableStack".split(" "),
  ..."parseFloat parseInt isFinite isNaN Infinity NaN undefined".split(" "),
  ..."decodeURI decodeURIComponent encodeURI encodeURIComponent".split(" "),
];

/**
 * Takes away what user code must not have, puts the market's time and a seeded random in, freezes
 * the rest. Once, in a worker, after all of the worker's own modules have been imported. Not to be
 * undone.
 */
export function lockdown(options: LockdownOptions): Natives {
  const real = globalThis as unknown as Record<string, unknown>;
  const natives = takeNatives();
  const dispatchEvent = rejectionsOnly(options.rejected);
  const hidden = hiddenIntrinsics();
  const noFunction = withoutCodeFromStrings(hidden);
  const kept: Record<string, unknown> = Object.create(null);
  for (const name of [...LANGUAGE, ...(options.granted ?? [])]) {
    if (name in real) kept[name] = real[name];
  }
  kept.Function = noFunction;
  Object.assign(kept, marketTime(options.nowUs));
  kept.console = makeConsole(options.log);
  Math.random = options.random;
  withoutLeftovers();
  replaceGlobals(kept, dispatchEvent);
  const assignable = ["Object", ...LANGUAGE.filter((name) => name.endsWith("Error"))]
    .flatMap((name) => name in kept ? [(kept[name] as { prototype: object }).prototype] : []);
  harden([...hidden, ...Object.values(kept), ...options.shared], new Set(assignable));
  return natives;
}

function takeNatives(): Natives {
  const { setTimeout, clearTimeout, performance, queueMicrotask } = globalThis;
  // Deno's ports look for the native one in globals when it is first used, and keep it.
  queueMicrotask(() => {});
  return Object.freeze({
    // Bound to nothing: bound to the global object they would find that globalThis is another one.
    setTimeout: setTimeout.bind(undefined) as typeof globalThis.setTimeout,
    clearTimeout: clearTimeout.bind(undefined) as typeof globalThis.clearTimeout,
    performanceNowMs: performance.now.bind(performance),
  });
}

/**
 * Deno calls the global dispatchEvent to tell of unhandled rejections, so there must be one. This
 * one takes nothing else, and no user code can make such an event.
 */
function rejectionsOnly(rejected: (reason: unknown) => void): (event: Event) => boolean {
  const { get: reasonOf } = Object.getOwnPropertyDescriptor(
    PromiseRejectionEvent.prototype,
    "reason",
  )!;
  const { preventDefault } = Event.prototype;
  const Rejection = PromiseRejectionEvent;
  return (event) => {
    if (!(event instanceof Rejection) || event.type !== "unhandledrejection") return true;
    const reason = reasonOf!.call(event);
    preventDefault.call(event);
    rejected(reason);
    return false;
  };
}

/** Puts a constructor that refuses in the place of each that makes code from strings. */
function withoutCodeFromStrings(hidden: unknown[]): object {
  const refusing = (prototype: object): object => {
    function Function() {
      throw new TypeError("Code from strings is off: write it as code");
    }
    Function.prototype = prototype;
    Object.defineProperty(prototype, "constructor", { value: Function });
    return Function;
  };
  // Those of generators and async functions have no name.
  for (const value of hidden) {
    if (typeof value !== "function") continue;
    const prototype = Object.getPrototypeOf(value);
    if (prototype.constructor !== Function && prototype !== Object.prototype) refusing(prototype);
  }
  return refusing(Function.prototype);
}

function makeConsole(log: LockdownOptions["log"]): object {
  const at = (level: LogLevel) => (...values: unknown[]) => {
    const texts = values.map((value) => {
      const plain = plainData(value);
      return typeof plain === "string" ? plain : JSON.stringify(plain);
    });
    log(level, texts.join(" "));
  };
  return {
    debug: at("debug"),
    log: at("info"),
    info: at("info"),
    warn: at("warning"),
    error: at("error"),
  };
}

/**
 * State that the language keeps on its own objects, and doors that have a name only on prototypes.
 */
function withoutLeftovers(): void {
  // RegExp.$1 and its like tell one strategy what another has matched; compile() changes a shared
  // expression.
  for (const key of Reflect.ownKeys(RegExp)) {
    if (typeof key === "symbol" || key === "prototype" || key === "escape") continue;
    Reflect.deleteProperty(RegExp, key);
  }
  Reflect.deleteProperty(RegExp.prototype, "compile");
  for (const key of Reflect.ownKeys(Object.prototype)) {
    if (String(key).startsWith("__")) Reflect.deleteProperty(Object.prototype, key);
  }
  // Buffers that are shared with another thread are not made here, and don't lead to what makes
  // them.
  if (typeof SharedArrayBuffer === "function") {
    Reflect.deleteProperty(SharedArrayBuffer.prototype, "constructor");
  }
  // Called on nothing, these mean the worker's own global object; a granted AbortSignal leads to
  // them.
  for (const name of ["addEventListener", "removeEventListener", "dispatchEvent"] as const) {
    const method = EventTarget.prototype[name];
    Object.defineProperty(EventTarget.prototype, name, {
      value(this: unknown, ...values: unknown[]) {
        if (this === undefined || this === null) throw new TypeError(`${name} of nothing`);
        return Reflect.apply(method as () => unknown, this, values as []);
      },
    });
  }
  Error.stackTraceLimit = 20;
}

/**
 * Leaves `kept` of the global object. Its prototypes (events of the worker, its messages) go too.
 * The object itself can't be made inextensible in every Deno, and Deno keeps listeners on it:
 * `globalThis` names a frozen other one.
 */
function replaceGlobals(kept: Record<string, unknown>, dispatchEvent: object): void {
  const real = globalThis;
  Object.setPrototypeOf(real, Object.prototype);
  for (const key of Reflect.ownKeys(real)) {
    if (typeof key === "symbol" || key in kept) continue;
    Reflect.deleteProperty(real, key);
    // Some come back when they are deleted.
    if (key in real) Object.defineProperty(real, key, { value: undefined, configurable: true });
  }
  const shown = Object.create(Object.prototype);
  kept.globalThis = shown;
  Object.freeze(dispatchEvent);
  Object.defineProperty(real, "dispatchEvent", { value: dispatchEvent });
  for (const [key, value] of Object.entries(kept)) {
    const property = { value, writable: false, enumerable: false, configurable: false };
    Object.defineProperty(shown, key, property);
    Object.defineProperty(real, key, property);
  }
  Object.freeze(shown);
}
