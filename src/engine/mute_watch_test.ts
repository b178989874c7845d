import assert from "node:assert/strict";
import type { BarsQuery } from "../contracts/provider.ts";
import { type BarColumns, emptyBars } from "../model/bars.ts";
import { MuteWatch } from "./mute_watch.ts";

const MINUTE_US = 60e6;
const START_US = Date.parse("2022-01-03T15:00:00Z") * 1000;

/** A stream's watch, beside an exchange on which `trading` symbols have a bar each minute. */
class Rig {
  nowUs = START_US;
  isOpen = true;
  rows = 0;
  readonly symbols: string[] = ["AAPL", "RARE"];
  readonly trading = new Set<string>();
  readonly asked: BarsQuery[] = [];
  /** Starts of bars. */
  readonly #traded = new Map<string, number[]>();
  isMute = false;
  isAway = false;
  readonly watch = new MuteWatch({
    clock: { nowUs: () => this.nowUs, rate: 1 },
    isOpen: () => this.isOpen,
    symbols: () => this.symbols,
    history: (query) => {
      this.asked.push(query);
      if (this.isAway) return Promise.reject(new Error("away"));
      return Promise.resolve(new Map(query.symbols.map((symbol) => [symbol, this.#bars(symbol)])));
    },
  });

  #bars(symbol: string): BarColumns {
    const { fromUs, toUs } = this.asked.at(-1)!;
    const bars = this.#traded.get(symbol) ?? [];
    const timeUs = Float64Array.from(bars.filter((us) => us >= fromUs && us < toUs));
    return { ...emptyBars(), timeUs };
  }

  #minuteEnds(): void {
    if (!this.isMute) this.rows += this.trading.size;
    for (const symbol of this.trading) {
      const bars = this.#traded.get(symbol) ?? [];
      this.#traded.set(symbol, [...bars, this.nowUs - MINUTE_US]);
    }
  }

  /** Looks every 5 s; a bar comes with each minute of a trading symbol. Gives when it was mute. */
  async pass(minutes: number): Promise<[seconds: number, missing: string] | null> {
    const startUs = this.nowUs;
    for (let s = 5; s <= minutes * 60; s += 5) {
      this.nowUs = startUs + s * 1e6;
      if (s % 60 === 0) this.#minuteEnds();
      const missing = await this.watch.look(this.rows);
      if (missing !== null) return [s, missing];
    }
    return null;
  }
}

Deno.test("fault 23: a mute stream is noticed within two and a half minutes", async () => {
  const rig = new Rig();
  rig.trading.add("AAPL");
  assert.equal(await rig.pass(10), null);
  rig.isMute = true;
  const [seconds, missing] = (await rig.pass(10))!;
  assert.ok(seconds <= 150, `${seconds} s`);
  assert.match(missing, /nothing has come since .*, but AAPL traded/);
});

Deno.test("fault 23: where nobody trades nothing is mute, and it is asked for ever more seldom", async () => {
  const rig = new Rig();
  assert.equal(await rig.pass(120), null);
  assert.ok(rig.asked.length > 10 && rig.asked.length <= 28, `asked ${rig.asked.length} times`);
});

Deno.test("fault 23: a symbol that trades once in a while is no sign, until its bar is missed", async () => {
  const rig = new Rig();
  for (let hour = 0; hour < 6; hour++) {
    assert.equal(await rig.pass(59), null);
    rig.trading.add("RARE");
    assert.equal(await rig.pass(1), null);
    rig.trading.delete("RARE");
  }
  rig.isMute = true;
  rig.trading.add("RARE");
  assert.match((await rig.pass(12))![1], /but RARE traded/);
});

Deno.test("fault 44: outside of the session nothing is asked, and nothing is mute", async () => {
  const rig = new Rig();
  rig.isOpen = false;
  rig.isMute = true;
  rig.trading.add("AAPL");
  assert.equal(await rig.pass(600), null);
  assert.equal(rig.asked.length, 0);
  rig.isOpen = true;
  assert.ok((await rig.pass(5)) !== null, "the session has begun");
});

Deno.test("bars of before a symbol was followed, or of an interruption, were nobody's", async () => {
  const rig = new Rig();
  assert.equal(await rig.pass(30), null);
  // It traded, and nobody asked for it.
  rig.isMute = true;
  rig.trading.add("NEW");
  assert.equal(await rig.pass(10), null);
  rig.trading.delete("NEW");
  rig.symbols.push("NEW");
  assert.equal(await rig.pass(30), null);
  const away = new Rig();
  away.trading.add("AAPL");
  away.isMute = true;
  away.rows = -1;
  assert.equal(await away.pass(30), null);
  assert.equal(away.asked.length, 0);
});

Deno.test("history that is away says nothing of the stream", async () => {
  const rig = new Rig();
  rig.isAway = true;
  await assert.rejects(rig.pass(5), /away/);
});
