// Brings bundled user code into a worker. Runs after lockdown(), in the worker.
import { ConfigError, StrategyError } from "../util/errors.ts";
import type { Bundle } from "./bundle.ts";
import { GUARDS_URL } from "./guards_url.ts";
import { firstUserFrame, mapStack } from "./map_stack.ts";

/** Any class: its instances are made by whoever loaded it. */
// deno-lint-ignore no-explicit-any
export type Constructor<T> = new (...args: any[]) => T;

export interface LoadOptions<T> {
  bundle: Bundle;
  /** What the default export must extend: Strategy, Scanner or Miner. */
  // deno-lint-ignore no-explicit-any
  base: abstract new (...args: any[]) => T;
  /**
   * One word, shared with the supervisor: as long as it isn't 0, every loop and every function of
   * this bundle throws a StoppedError.
   */
  stopFlag: Int32Array;
}

/** By what is in the flag: src/engine/control.ts. */
const WHY = ["", "it took too long", "it took too much memory", "its promises never end"];

/** Thrown in user code by its guards. */
export class StoppedError extends StrategyError {}

interface Guards {
  [id: string]: { flag: Int32Array; halt(): StoppedError };
}

/**
 * Imports a bundle and gives its default export.
 * Throws ConfigError for code that does not load or lacks its class.
 */
export async function loadUserModule<T>(options: LoadOptions<T>): Promise<Constructor<T>> {
  const { bundle, base, stopFlag } = options;
  return checkedExport(await importBundle(bundle, stopFlag), bundle, base);
}

/** Imports a bundle and gives its default export, a function. Throws ConfigError. */
export async function loadUserFunction(
  bundle: Bundle,
  stopFlag: Int32Array,
): Promise<(...args: never[]) => unknown> {
  const { default: found } = await importBundle(bundle, stopFlag);
  if (typeof found === "function") return found as (...args: never[]) => unknown;
  throw new ConfigError(
    `Cannot load ${bundle.path}: its default export is no function: write ` +
      '"export default function (…) { … }"',
  );
}

async function importBundle(
  bundle: Bundle,
  stopFlag: Int32Array,
): Promise<Record<string, unknown>> {
  const { guards }: { guards: Guards } = await import(GUARDS_URL);
  guards[bundle.id] = {
    flag: stopFlag,
    halt: () => new StoppedError(`Stopped "${bundle.id}": ${WHY[stopFlag[0]] ?? WHY[1]}`),
  };
  try {
    return await import(bundle.url);
  } catch (error) {
    throw new ConfigError(whyNotLoaded(error, bundle));
  }
}

function checkedExport<T>(
  module: Record<string, unknown>,
  { path }: Bundle,
  // deno-lint-ignore no-explicit-any
  base: abstract new (...args: any[]) => T,
): Constructor<T> {
  const example = `export default class X extends ${base.name} { … }`;
  if (!("default" in module)) {
    const others = Object.keys(module).join(", ");
    throw new ConfigError(
      `Cannot load ${path}: it has no default export${others && ` (only ${others})`}: ` +
        `write "${example}"`,
    );
  }
  const found = module.default;
  if (typeof found !== "function" || !isClassOf(found, base)) {
    const name = typeof found === "function" ? `"${found.name}"` : `a ${typeof found}`;
    throw new ConfigError(
      `Cannot load ${path}: its default export, ${name}, does not extend ${base.name}: ` +
        `write "${example}", with ${base.name} imported from "liu"`,
    );
  }
  return found as Constructor<T>;
}

/** By the chain of prototypes: `instanceof` can be redefined by the class itself. */
function isClassOf(found: object, base: { prototype: unknown }): boolean {
  let link = (found as { prototype?: unknown }).prototype;
  for (let depth = 0; depth < 100 && link !== null && typeof link === "object"; depth++) {
    link = Object.getPrototypeOf(link);
    if (link === base.prototype) return true;
  }
  return false;
}

/** What a bundle's code threw while it was loaded or made its instance, with the author's lines. */
export function whyNotLoaded(error: unknown, bundle: Bundle): string {
  const { message, stack } = describeThrown(error, [bundle]);
  const missing = /^(.* does not provide an export named '(.*?)')(?: at (.*))?$/m.exec(message);
  if (missing) {
    const [, why, name, place = bundle.path] = missing;
    return `Cannot load ${place}: ${why}. Where it is a type, write "import type { ${name} }"`;
  }
  const isUserFrame = (line: string) => bundle.files.some(({ path }) => line.includes(path));
  const frames = stack.split("\n").filter((line) =>
    line.startsWith("    at ") && isUserFrame(line)
  );
  const place = firstUserFrame(rawText(error, "stack"), [bundle]) ?? bundle.path;
  return [`Cannot load ${place}: ${message}`, ...frames.slice(0, 5)].join("\n");
}

/**
 * What user code threw, as texts, with the author's lines. User code may throw anything: nothing of
 * it is read twice, and nothing it throws on being read comes out.
 */
export function describeThrown(
  error: unknown,
  bundles: Iterable<Bundle>,
): { message: string; stack: string } {
  const list = [...bundles];
  const read = (key: "message" | "stack"): string => {
    const text = rawText(error, key);
    return mapStack(text, list);
  };
  const message = read("message");
  return { message, stack: read("stack") || message };
}

const TEXT_MAX = 10_000;

function rawText(error: unknown, key: "message" | "stack"): string {
  try {
    if (typeof error !== "object" || error === null) {
      return key === "message" ? `threw ${typeof error} ${String(error)}`.slice(0, TEXT_MAX) : "";
    }
    const value = (error as Record<string, unknown>)[key];
    return typeof value === "string" ? shortened(value) : "";
  } catch {
    return "an error that throws when it is read";
  }
}

/** Whole URLs of bundled code in messages are long: what must be kept is their end. */
function shortened(text: string): string {
  return text.length <= TEXT_MAX ? text : text.replace(
    /(data:text\/javascript;liu=[\w.]+,)[^'"\n]*?(:\d+:\d+\)?$|['"])/gm,
    "$1$2",
  ).slice(0, TEXT_MAX);
}
