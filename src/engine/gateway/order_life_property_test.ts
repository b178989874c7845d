/**
 * Random lives of orders: what is told comes late, twice, in another order or never; answers are lost;
 * the exchange fills, refuses, expires and replaces as it likes. Whatever happens, the promises hold.
 */
import fc from "fast-check";
import type { OrderUpdate } from "../../contracts/broker.ts";
import { isFinal, type OrderRequest } from "../../model/order.ts";
import type { RunInfo } from "../../protocol.ts";
import { decimal } from "../../util/decimal.ts";
import type { TestOrder } from "./test_broker.ts";
import { PERIODS } from "./test_live.ts";
import { checkLife } from "./test_promises.ts";
import { testIntent, World } from "./test_world.ts";

const RUNS: RunInfo[] = [1, 2, 3].map((runId) => (
  { runId, strategy: `s${runId}`, consumer: 0, dayTrade: true }
));
const SYMBOLS = ["A", "B"];
const CASH = 3_000;

type Action =
  | {
    do: "want";
    run: number;
    symbol: number;
    action: "buy" | "sell" | "short" | "cover";
    qty: number;
    limit: boolean;
    stop: boolean;
    target: boolean;
  }
  | { do: "cancel"; run: number; symbol: number }
  /** The next orders are answered so. */
  | {
    do: "post";
    answer:
      | "take"
      | "be late"
      | "lose reply"
      | "lose order"
      | "limit rate"
      | "refuse"
      | "fill first";
  }
  | { do: "delete"; answer: "confirm" | "wait" | "forget" | "lose reply" }
  /** From here on order updates come so. */
  | { do: "tell"; how: "at once" | "twice" | "late" | "never" }
  | { do: "deliver"; seed: number }
  | { do: "drop"; ms: number }
  | { do: "trade"; pick: number; part: number }
  | { do: "end"; pick: number; how: "expired" | "rejected" | "canceled" | "done_for_day" }
  | { do: "replace"; pick: number }
  | { do: "confirm" }
  | { do: "pass"; ms: number };

const pick = fc.nat(5);
const run = fc.integer({ min: 1, max: 3 });
const symbol = fc.nat(1);
const of = <T extends string>(...values: T[]) => fc.constantFrom(...values);
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: of("want"),
      run,
      symbol,
      action: of("buy", "buy", "sell", "short", "cover"),
      qty: fc.integer({ min: 1, max: 12 }),
      limit: fc.boolean(),
      stop: fc.boolean(),
      target: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: of("cancel"), run, symbol }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: of("post"),
      answer: of(
        "take",
        "be late",
        "lose reply",
        "lose order",
        "limit rate",
        "refuse",
        "fill first",
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: of("delete"),
      answer: of("confirm", "confirm", "wait", "forget", "lose reply"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: of("tell"), how: of("at once", "twice", "late", "never") }),
  },
  { weight: 1, arbitrary: fc.record({ do: of("deliver"), seed: fc.nat(1000) }) },
  { weight: 1, arbitrary: fc.record({ do: of("drop"), ms: fc.integer({ min: 1, max: 40_000 }) }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: of("trade"), pick, part: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: of("end"),
      pick,
      how: of("expired", "rejected", "canceled", "done_for_day"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: of("replace"), pick }) },
  { weight: 1, arbitrary: fc.record({ do: of("confirm") }) },
  { weight: 6, arbitrary: fc.record({ do: of("pass"), ms: fc.integer({ min: 1, max: 20_000 }) }) },
);

class Life {
  #seq = 0;
  #answer: Extract<Action, { do: "post" }>["answer"] = "take";
  #how: Extract<Action, { do: "tell" }>["how"] = "at once";
  #late: OrderUpdate[] = [];
  /** Taken in after its time-out. */
  readonly #onItsWay: OrderRequest[] = [];

  private constructor(readonly world: World) {
    const { broker } = world;
    broker.cash = decimal(CASH);
    // It would be in no figures before the next reading.
    broker.fee = decimal(0);
    broker.answer = (request) => {
      switch (this.#answer) {
        case "refuse":
          return { result: "refused", code: 1, message: "by chance" };
        case "limit rate":
          this.#answer = "take";
          return { result: "rate_limited", retryAfterMs: 2_000 };
        case "lose order":
          this.#answer = "take";
          return { result: "unknown", message: "time-out" };
        case "be late":
          this.#answer = "take";
          this.#onItsWay.push(request);
          return { result: "unknown", message: "time-out" };
        case "lose reply": {
          this.#answer = "take";
          const taken = broker.take(request);
          return taken.result === "accepted" ? { result: "unknown", message: "time-out" } : taken;
        }
        default:
          return null;
      }
    };
    broker.beforeReply = (order) => {
      if (this.#answer === "fill first") this.#fill(order, 1);
    };
    broker.deliver = (update, give) => {
      if (this.#how === "late") this.#late.push(update);
      if (this.#how === "at once" || this.#how === "twice") give(update);
      if (this.#how === "twice") give(update);
    };
  }

  static async open(): Promise<Life> {
    const options = { runs: RUNS, stepping: false, isTimed: true, reconcile: PERIODS };
    const world = await World.open(options);
    const life = new Life(world);
    // The cash is another than at the start.
    await world.pass(61_000);
    return life;
  }

  async act(action: Action): Promise<void> {
    const { world } = this;
    for (const request of this.#onItsWay.splice(0)) world.broker.take(request);
    switch (action.do) {
      case "want":
        this.#want(action);
        break;
      case "cancel":
        world.send({ cancel: SYMBOLS[action.symbol], runId: action.run });
        break;
      case "post":
        this.#answer = action.answer;
        break;
      case "delete":
        this.#cancelsAre(action.answer);
        break;
      case "tell":
        this.#how = action.how;
        break;
      case "deliver":
        this.#deliver(action.seed);
        break;
      case "drop":
        return await this.#drop(action.ms);
      case "trade": {
        const order = this.#open(action.pick);
        if (order) this.#fill(order, action.part);
        break;
      }
      case "end":
        this.#end(action.pick, action.how);
        break;
      case "replace":
        this.#replace(action.pick);
        break;
      case "confirm":
        world.broker.confirmAsked();
        break;
      case "pass":
        return await world.pass(action.ms);
      default:
        return action satisfies never;
    }
    await world.settled();
  }

  #want({ run, symbol, action, qty, limit, stop, target }: Extract<Action, { do: "want" }>): void {
    const isLong = action === "buy" || action === "sell";
    const isEntry = action === "buy" || action === "short";
    this.world.send(testIntent({
      runId: run,
      symbol: SYMBOLS[symbol],
      seq: this.#seq++,
      action,
      qty,
      limitPrice: limit ? 100 : null,
      stopPrice: stop && isEntry ? (isLong ? 90 : 110) : null,
      targetPrice: target && isEntry ? (isLong ? 110 : 90) : null,
    }));
  }

  #cancelsAre(answer: Extract<Action, { do: "delete" }>["answer"]): void {
    const { broker } = this.world;
    broker.confirmsCancels = answer !== "wait";
    const own = Object.getPrototypeOf(broker).cancel.bind(broker);
    broker.cancel = (id: string) => {
      if (answer === "forget") return Promise.resolve({ result: "requested" });
      if (answer !== "lose reply") return own(id);
      own(id);
      return Promise.resolve({ result: "unknown", message: "time-out" });
    };
  }

  #deliver(seed: number): void {
    const late = this.#late;
    this.#late = [];
    let state = seed;
    while (late.length > 0) {
      state = (state * 1103515245 + 12345) % 2147483648;
      this.world.broker.give(late.splice(state % late.length, 1)[0]);
    }
  }

  /** The stream is away: what would have been told is lost. */
  async #drop(ms: number): Promise<void> {
    const { broker } = this.world;
    broker.say({ state: "interrupted", reason: "socket" });
    this.#late = [];
    broker.isMuted = true;
    for (const order of broker.open()) this.#fill(order, 2);
    await this.world.pass(ms);
    broker.isMuted = false;
    broker.say({ state: "restored" });
    await this.world.settled();
  }

  #open(pick: number): TestOrder | undefined {
    const open = this.world.broker.open();
    return open[pick % Math.max(1, open.length)];
  }

  #fill(order: TestOrder, part: number): void {
    // Of one group a fill has ended the others.
    if (isFinal(order.status) || order.status === "held") return;
    const rest = decimal(order.qty!).minus(order.filledQty);
    const some = rest.div(part).round(0, "up");
    const qty = some.gt(rest) || some.isZero ? rest : some;
    const price = order.parent === null ? "100" : order.limitPrice ?? order.triggerPrice ?? "100";
    this.world.broker.fill(order, qty.toFixed(), price);
  }

  #end(pick: number, how: Extract<Action, { do: "end" }>["how"]): void {
    const { broker } = this.world;
    const order = this.#open(pick);
    // What has legs, or is one, ends with these.
    if (!order || order.parent !== null || order.legs.length > 0) return;
    if (how === "rejected" && order.filledQty !== "0") return;
    broker.update(how, order, how);
  }

  #replace(pick: number): void {
    const { broker } = this.world;
    const order = this.#open(pick);
    if (!order || order.parent !== null || order.legs.length > 0) return;
    const next = broker.replaceByHand(order, decimal(order.qty!).minus(order.filledQty).toFixed());
    broker.update("replaced", order, "replaced");
    broker.update("new", next, "new");
  }

  /** The world is well again, all is told and closed. */
  async finish(): Promise<void> {
    const { world } = this;
    const { broker } = world;
    this.#answer = "take";
    this.#how = "at once";
    this.#cancelsAre("confirm");
    this.#deliver(7);
    broker.confirmAsked();
    // What hung is found by the looks of the next minutes.
    await world.pass(180_000);
    world.gateway.fromMain({
      type: "liquidate",
      id: 1,
      scope: "all",
      assetClasses: ["us_equity"],
      reason: "end",
      deadlineUs: Infinity,
    });
    for (let i = 0; i < 30 && world.ofMain("liquidated").length === 0; i++) {
      await world.pass(10_000);
      for (const order of broker.open()) {
        if (order.type === "market") this.#fill(order, 1);
      }
      await world.settled();
    }
    await world.pass(120_000);
  }
}

Deno.test("whatever happens to orders, their promises hold", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 60 }), async (actions) => {
      const life = await Life.open();
      for (const action of actions) await life.act(action);
      await life.finish();
      checkLife(life.world);
    }),
    { numRuns: 300 },
  );
});
