/**
 * The 5-second rule from the producer to the refill: a consumer that was held up does not trade on
 * what is old.
 */
import assert from "node:assert/strict";
import { buy } from "../contracts/decision.ts";
import { Strategy, type Tick } from "../contracts/strategy.ts";
import { RowKind } from "../model/market_batch.ts";
import type { MarketMessage } from "../protocol.ts";
import { SymbolTable } from "../util/symbol_table.ts";
import { history, OPEN_US, Rig } from "./consumer/test_rig.ts";
import { Producer } from "./producer.ts";
import { Refills } from "./refills.ts";

const MINUTE_US = 60e6;

/** What the strategy was called with, in order. */
function buyer(calls: string[]) {
  return class Buyer extends Strategy {
    run({ bars }: Tick<this>) {
      calls.push(`run ${bars.length}`);
      return buy({ qty: 1 });
    }
    override onGap({ bars }: Tick<this>) {
      calls.push(`gap ${bars.length}`);
    }
  };
}

/** A producer whose only consumer can be held up. */
class World {
  readonly calls: string[] = [];
  readonly rig = new Rig({ strategies: [buyer(this.calls)] });
  readonly producer: Producer;
  readonly refills: Refills;
  readonly held: MarketMessage[] = [];
  isHeldUp = false;
  #seen = 0;

  constructor() {
    const symbols = new SymbolTable();
    this.producer = new Producer({ symbols, isLossless: () => false, onStep() {} });
    const sequence = this.rig.sequence.buffer as unknown as SharedArrayBuffer;
    this.producer.addReceiver({
      post: (message) => {
        if (message.type === "market") this.held.push(message);
        else this.rig.consumer.onMain(message);
      },
    }, sequence);
    this.producer.route("AAPL", 0);
    this.refills = new Refills({
      history: (asked) =>
        Promise.resolve(new Map(asked.map((symbol) => [symbol, bars(this.#minutes())]))),
      refill: (_consumer, symbol, history, fillsGap) =>
        this.rig.consumer.onMain({ type: "refill", symbol, history, fillsGap }),
      clock: () => ({ nowUs: () => this.rig.nowUs, rate: 0 }),
      wait: () => Promise.resolve(),
      isOver: () => false,
      log() {},
    });
  }

  #minutes(): number {
    return Math.floor((this.rig.nowUs - OPEN_US) / MINUTE_US);
  }

  /** The bar that starts at the open plus so many minutes ends, and is sent. */
  bar(minute: number): void {
    this.rig.nowUs = OPEN_US + (minute + 1) * MINUTE_US;
    const startUs = OPEN_US + minute * MINUTE_US;
    this.producer.row(RowKind.minuteBar, 0, startUs, 10, 10, 10, 10, 100, 1, 10);
    this.producer.frameEnd();
    this.pump();
  }

  /** What was posted arrives, and what is returned goes back, until nothing moves. */
  pump(): void {
    while (!this.isHeldUp && this.held.length > 0) {
      this.rig.consumer.onMain(this.held.shift()!);
      for (const message of this.rig.main.slice(this.#seen)) {
        if (message.type === "returned") this.producer.returned(0, message.buffer);
      }
      this.#seen = this.rig.main.length;
    }
  }
}

function bars(count: number) {
  return history(...Array.from({ length: count }, (_, i) => [i, 10, 10, 10, 10, 100]));
}

Deno.test("a consumer that was held up drops what is old, and waits for the bars", async () => {
  const world = new World();
  const { rig, calls } = world;
  world.bar(0);
  assert.deepEqual(calls, ["run 1"]);
  rig.report({ intentSeq: 0 });

  world.isHeldUp = true;
  for (const minute of [1, 2, 3]) world.bar(minute);
  rig.nowUs += 6e6;
  world.isHeldUp = false;
  world.pump();
  const [lost] = rig.sent("outOfSync");
  assert.deepEqual(lost, {
    type: "outOfSync",
    symbol: "AAPL",
    // The bar of minute 1 was due two minutes and six seconds ago.
    lagSeconds: 126,
    rowsLost: 3,
    symbols: ["AAPL"],
  });
  assert.deepEqual(rig.sent("log").map(({ message }) => message), [
    "consumer A AAPL out of sync w 126",
  ]);
  assert.deepEqual(calls, ["run 1"]);

  // The next one is in time; but while bars are missing nothing is bought on them.
  world.bar(4);
  assert.deepEqual(calls, ["run 1"]);
  await world.refills.add(0, lost.symbols);
  assert.deepEqual(calls, ["run 1", "gap 5"]);
  world.bar(5);
  assert.deepEqual(calls, ["run 1", "gap 5", "run 6"]);
  assert.equal(rig.intents.length, 2);
  assert.equal(rig.sent("outOfSync").length, 1);
});

Deno.test("what is 5 seconds old is not too old", () => {
  const world = new World();
  world.isHeldUp = true;
  world.bar(0);
  world.rig.nowUs += 5e6;
  world.isHeldUp = false;
  world.pump();
  assert.deepEqual(world.calls, ["run 1"]);
  assert.deepEqual(world.rig.sent("outOfSync"), []);
});
