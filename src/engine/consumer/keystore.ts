import type { Keystore } from "../../contracts/strategy.ts";

const TEXT_MAX = 100_000;

/** A strategy's global variables on this consumer; what is set goes on to the others and to the store. */
export class StrategyKeystore implements Keystore {
  readonly #values = new Map<string, string>();
  readonly #onSet: (key: string, context: string, value: string) => void;

  constructor(
    values: Iterable<{ key: string; context: string; value: string }>,
    onSet: (key: string, context: string, value: string) => void,
  ) {
    this.#onSet = onSet;
    for (const { key, context, value } of values) this.#values.set(place(key, context), value);
    receive.set(this, (key, context, value) => this.#values.set(place(key, context), value));
  }

  get(key: string, context = ""): string | null {
    return this.#values.get(place(key, context)) ?? null;
  }

  set(key: string, value: string, context = ""): void {
    for (const text of [key, value, context]) {
      if (typeof text !== "string" || text.length > TEXT_MAX) {
        throw new TypeError(`keystore.set takes texts of up to ${TEXT_MAX} characters`);
      }
    }
    this.#values.set(place(key, context), value);
    this.#onSet(key, context, value);
  }
}

/** The engine's way in, which user code that holds a keystore does not have. */
const receive = new WeakMap<
  StrategyKeystore,
  (key: string, context: string, value: string) => void
>();

/** A value that the same strategy wrote on another consumer. */
export function receiveValue(
  keystore: StrategyKeystore,
  key: string,
  context: string,
  value: string,
): void {
  receive.get(keystore)!(key, context, value);
}

function place(key: string, context: string): string {
  return JSON.stringify([context, key]);
}
