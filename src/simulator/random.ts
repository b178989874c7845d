/**
 * Seeded random numbers for generated data: xoshiro128**, seeded by a 32-bit mixer.
 * Invariant: integer arithmetic and + − × only, so that a seed gives the same numbers everywhere
 * (Math.log, Math.exp and their like may differ in the last bit between engines).
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** `stream` separates sequences of one seed. Both are integers, 0–2^32−1. */
  constructor(seed: number, stream = 0) {
    let state = (seed ^ Math.imul(stream + 1, 0x9e3779b9)) >>> 0;
    const next = () => {
      state = (state + 0x9e3779b9) >>> 0;
      let z = state;
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      return (z ^ (z >>> 15)) >>> 0;
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next() | 1;
  }

  /** An integer, 0–2^32−1 (xoshiro128**). */
  uint32(): number {
    const product = Math.imul(this.#b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** min ≤ x < max. */
  between(min: number, max: number): number {
    return min + (max - min) * (this.uint32() / 4_294_967_296);
  }

  /** An integer, min ≤ x ≤ max. */
  int(min: number, max: number): number {
    return Math.floor(this.between(min, max + 1));
  }

  /** About normal, mean 0, variance 1, within ±3.5: the sum of four uniform numbers. */
  normal(): number {
    const sum = this.uint32() + this.uint32() + this.uint32() + this.uint32();
    return (sum / 4_294_967_296 - 2) * 1.7320508075688772;
  }
}
