/**
 * Requests of this isolate that are on their way: with all of them answered, and sockets read, what
 * follows from a moment has happened.
 */
const CALM_TURNS = 4;

export class InFlight {
  #requests = 0;
  readonly #fetch = globalThis.fetch;

  constructor() {
    const { fetch } = globalThis;
    const counted = async (...given: Parameters<typeof fetch>): Promise<Response> => {
      // Who waits for a fault is not waited for.
      if (String(given[0]).includes("?injected=")) return await fetch(...given);
      this.#requests++;
      try {
        const response = await fetch(...given);
        const { status, headers } = response;
        // Its body is part of the way.
        const body = await response.arrayBuffer();
        return new Response(status === 204 ? null : body, { status, headers });
      } finally {
        this.#requests--;
      }
    };
    globalThis.fetch = counted;
  }

  /** Call it once, in the reverse order of making them. */
  restore(): void {
    globalThis.fetch = this.#fetch;
  }

  /** `kept()`: how many are kept waiting by the other side. */
  async settled(kept: () => number): Promise<void> {
    for (let calm = 0; calm < CALM_TURNS;) {
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      calm = this.#requests <= kept() ? calm + 1 : 0;
    }
  }
}
