/** Fault 39, where one call takes all the memory: V8 ends the process, and the next one knows why. */
import assert from "node:assert/strict";
import { inFolder, writeFiles } from "../program.ts";
import { onExchange, TraderProcess } from "./trader_process.ts";

const GULPER = `import { Strategy, type Tick } from "liu";
/** Fills the memory inside of the language's own code, where no guard is met. */
export default class Gulper extends Strategy {
  #runs = 0;
  run(_tick: Tick<this>) {
    if (++this.#runs === 3) new Array(400_000_000).fill(0.5).map(String);
  }
}
`;
const PLAN = `[strategies.gulper]
filename = "gulper.ts"
`;

Deno.test("fault 39: one call that exhausts V8 ends the process; the next leaves that strategy out", () =>
  inFolder((folder) =>
    onExchange(folder, PLAN, async (liu, exchange) => {
      await writeFiles(folder, { "gulper.ts": GULPER });
      const first = TraderProcess.start(liu, [], exchange.env);
      const { code } = await first.ended;
      assert.notEqual(code, 0);
      assert.match(first.out, / buy /i);

      const second = TraderProcess.start(liu, [], exchange.env);
      await second.says(/gulper is left out today: the trader died while a call of it went on/);
      await second.says(/carrying on batch/);
      second.kill("SIGTERM");
      assert.equal((await second.ended).code, 0, second.err);
      // What the first bought is there once, and protected.
      const positions = await exchange.get("/v2/positions");
      assert.deepEqual(positions.map(({ qty }) => qty), ["5"]);
      const open = await exchange.get("/v2/orders?status=open");
      assert.ok(open.some(({ type, side }) => type === "stop" && side === "sell"));
    })
  ));
