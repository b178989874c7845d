/** A parser that reads what comes from outside, and what must hold for whatever it is given. */
export interface Target {
  readonly name: string;
  /** Inputs that are right, to start from. */
  readonly seeds: readonly Uint8Array[];
  /** Words of the language that single bytes would hardly ever make. */
  readonly words: readonly string[];
  /**
   * Gives it the input. Throws where something is wrong with the *parser*: it crashed, took a wrong
   * value, or refused without a clear error.
   */
  run(input: Uint8Array): Outcome | Promise<Outcome>;
}

export type Outcome = "taken" | "refused";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function bytesOf(text: string): Uint8Array {
  return encoder.encode(text);
}

/** As a socket or a file gives it: what is no UTF-8 becomes U+FFFD. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
