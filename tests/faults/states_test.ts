/** What a strategy keeps of a symbol, over the death of its trader, to real processes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { inFolder, type Liu, writeFiles } from "../program.ts";
import { type Exchange, onExchange, TraderProcess } from "./trader_process.ts";

/** Looks at nothing but its own memory. */
const NAIVE = `import { buy, Strategy, type Tick } from "liu";
export default class Naive extends Strategy {
  setup() {
    return { isBought: false };
  }
  run({ state, symbol, bars, position }: Tick<this>) {
    this.log.info(symbol + " bought " + state.isBought + " holds " + (position?.qty ?? 0));
    if (state.isBought) return;
    state.isBought = true;
    return buy({ qty: 5, stopPrice: Math.round(bars.close.at(-1) / 2) });
  }
  override onDenied(_denial: unknown, { state }: Tick<this>) {
    state.isBought = false;
  }
}
`;

function withNaive(
  run: (liu: Liu, exchange: Exchange) => Promise<void>,
): Promise<void> {
  return inFolder((folder) =>
    onExchange(folder, "", async (liu, exchange) => {
      await writeFiles(folder, { "buyer.ts": NAIVE });
      await run(liu, exchange);
    })
  );
}

/** It has seen both symbols of the exchange as bought; `fromStart`: never otherwise. */
async function holds(trader: TraderProcess, { fromStart }: { fromStart: boolean }) {
  const seen = () => {
    const text = trader.out + trader.err;
    if (fromStart) assert.doesNotMatch(text, /bought false/);
    return new Set(text.match(/\S+ bought true holds 5\b/g)).size;
  };
  while (seen() < 2) await trader.saysMore();
}

async function bought({ get }: Exchange): Promise<string[]> {
  const orders = await get("/v2/orders?status=all&limit=500");
  return orders.filter(({ side, type }) => side === "buy" && type !== "stop").map(({ qty }) => qty);
}

Deno.test("fault 33: killed after it bought, a strategy that remembers that does not buy again", () =>
  withNaive(async (liu, exchange) => {
    const killed = TraderProcess.start(liu, [], exchange.env);
    await holds(killed, { fromStart: false });
    killed.kill("SIGKILL");
    await killed.ended;

    const again = TraderProcess.start(liu, [], exchange.env);
    await holds(again, { fromStart: true });
    // In order, and into another batch: what is held has its state still.
    again.kill("SIGTERM");
    assert.equal((await again.ended).code, 0, again.err);

    const next = TraderProcess.start(liu, [], exchange.env);
    await holds(next, { fromStart: true });
    assert.match(next.out, /taking over 2 positions/);
    next.kill("SIGTERM");
    assert.equal((await next.ended).code, 0, next.err);

    assert.deepEqual(await bought(exchange), ["5", "5"]);
    assert.deepEqual((await exchange.get("/v2/positions")).map(({ qty }) => qty), ["5", "5"]);
    const folder = join(liu.folder, "data", "journal");
    const states = (path: string) =>
      [...Deno.readDirSync(path)].filter(({ name }) => name.endsWith(".states")).length;
    assert.deepEqual([states(folder), states(join(folder, "archive"))], [1, 1]);
  }));
