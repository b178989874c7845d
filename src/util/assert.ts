/** Stops at a bug of Liu's own: a state that the code says cannot be. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`Bug in Liu: ${message}`);
}
