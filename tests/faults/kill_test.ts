/** `liu kill`, `liu resume` and `liu status`, while a trader runs and while none does. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { ControlClient } from "../../src/control/control_client.ts";
import type { TraderStatus } from "../../src/control/trader_control.ts";
import { findTraders } from "../../src/control/trader_file.ts";
import { exchangeEnv, inFolder, Liu, type SimulateProcess, writeFiles } from "../program.ts";

const KEYS = { keyId: "k", secretKey: "s" };
const SYMBOLS = 3;
/** Market seconds in a second. */
const SPEED = 60;
const LOOK_MS = 100;
const LOOKS_MAX = 600;

const FILES = {
  "tradeplan.toml": `market_liquidation_end_time_minutes = 15
[scanners.all]
filename = "all.ts"
[strategies.keeper]
filename = "keeper.ts"
[strategies.lingerer]
filename = "lingerer.ts"
`,
  "all.ts": `import { Scanner, type ScanContext } from "liu";
export default class All extends Scanner {
  async run({ market }: ScanContext) {
    return (await market.snapshots()).top(10, "dollarVolume");
  }
}
`,
  "keeper.ts": `import { buy, Strategy, type Tick } from "liu";
/** Always holds a share of each symbol, protected by a stop. */
export default class Keeper extends Strategy {
  run({ position, bars }: Tick<this>) {
    if (!position) return buy({ qty: 1, stopPrice: bars.close.at(-1) * 0.8 });
  }
}
`,
  "lingerer.ts": `import { buy, limit, Strategy, type Tick } from "liu";
/** Always has an order open that is not filled. */
export default class Lingerer extends Strategy {
  run({ position, bars }: Tick<this>) {
    if (!position) return limit(buy({ qty: 1 }), bars.close.at(-1) * 0.7);
  }
}
`,
};

interface StatusJson {
  exitCode: number;
  isRunning: boolean;
  kill: { reason: string } | null;
  traders: { pid: number; status: TraderStatus }[];
  last: { runs: { name: string; endReason: string | null }[] } | null;
}

class World {
  /** What traders have printed. */
  readonly said: string[] = [];

  constructor(
    readonly liu: Liu,
    readonly exchange: SimulateProcess,
    readonly folder: string,
    /** What came to the plan's webhook. */
    readonly alerts: { code: string; text: string; environment: string }[],
  ) {}

  get env(): Record<string, string> {
    return exchangeEnv(this.exchange.baseUrl, KEYS);
  }

  async status(): Promise<StatusJson> {
    const { code, out, err } = await this.liu.run(["status", "--json"], this.env);
    assert.ok(out.startsWith("{"), out + err);
    const status = JSON.parse(out) as StatusJson;
    assert.equal(status.exitCode, code);
    return status;
  }

  /** Asks until it is so: what is waited for happens at the exchange's pace. */
  async until(what: string, is: (status: TraderStatus) => boolean): Promise<TraderStatus> {
    let status: TraderStatus | undefined;
    for (let i = 0; i < LOOKS_MAX; i++) {
      const [trader] = findTraders(join(this.folder, "data"));
      if (trader !== undefined) status = await new ControlClient(trader).status();
      if (status && is(status)) return status;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    assert.fail(`never ${what}: ${JSON.stringify(status)}\n${this.said.join("")}`);
  }

  /** Open orders at the exchange, as it says itself. */
  async ordersAtExchange(): Promise<{ side: string; type: string }[]> {
    const reply = await fetch(`${this.exchange.baseUrl}/v2/orders?status=open&nested=false`, {
      headers: { "APCA-API-KEY-ID": KEYS.keyId, "APCA-API-SECRET-KEY": KEYS.secretKey },
    });
    return await reply.json();
  }

  trader(): { child: Deno.ChildProcess; text: () => string; ended: Promise<number> } {
    const child = this.liu.start(["trader"], this.env);
    const texts = this.said;
    const read = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) texts.push(text);
    };
    const ended = Promise.all([read(child.stdout), read(child.stderr)])
      .then(async () => (await child.status).code);
    return { child, text: () => texts.join(""), ended };
  }
}

async function inWorld(run: (world: World) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const liu = new Liu(folder);
    const alerts: World["alerts"] = [];
    const hook = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      async (request) => {
        alerts.push(await request.json());
        return new Response();
      },
    );
    await writeFiles(folder, FILES);
    const url = `http://127.0.0.1:${hook.addr.port}/`;
    const plan = `${FILES["tradeplan.toml"]}[alerts.webhook]\nurl = "${url}"\n`;
    await Deno.writeTextFile(join(folder, "tradeplan.toml"), plan);
    assert.equal((await liu.run(["migrate"])).code, 0);
    const exchange = await liu.simulate([
      ...["--generate", String(SYMBOLS), "--seed", "3", "--speed", String(SPEED)],
      ...["--start", "2022-01-03T15:00:00Z", "--end", "2022-01-03T21:05:00Z"],
    ]);
    try {
      await run(new World(liu, exchange, folder, alerts));
    } finally {
      await exchange.stop();
      await hook.shutdown();
    }
  });
}

const holdsAll = ({ positions, openOrders }: TraderStatus) =>
  positions.length === SYMBOLS && positions.every(({ protection }) => protection === "rests") &&
  openOrders.filter(({ kind }) => kind === "entry").length === SYMBOLS;

Deno.test({
  name: "fault 49: a kill cancels entries, leaves stops, outlives kill -9, closes and is lifted",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inWorld(async (world) => {
      const { liu, env } = world;
      assert.deepEqual((await world.status()).exitCode, 3);
      const first = world.trader();
      const before = await world.until("all held", holdsAll);
      assert.equal(before.state, "active");
      assert.deepEqual(before.strategies.map(({ name, state }) => `${name} ${state}`), [
        "keeper runs",
        "lingerer runs",
      ]);
      const shown = await liu.run(["status"], env);
      assert.equal(shown.code, 0, shown.err);
      assert.match(shown.out, /PAPER, batch [-0-9a-f]+, .*: ACTIVE\n/);
      assert.match(shown.out, /keeper: its protection rests at the broker/);

      const killed = await liu.run(["kill", "--reason", "a test"], env);
      assert.equal(killed.code, 0, killed.err);
      const halted = await world.until(
        "entries cancelled",
        ({ openOrders }) => openOrders.every(({ kind }) => kind !== "entry"),
      );
      assert.equal(halted.state, "halted");
      assert.match(halted.restrictions[0].reason, /^killed: a test\. liu resume lifts it$/);
      assert.equal(halted.positions.length, SYMBOLS);
      const resting = await world.ordersAtExchange();
      assert.deepEqual([...new Set(resting.map(({ side, type }) => `${side} ${type}`))], [
        "sell stop",
      ]);
      assert.equal(resting.length, SYMBOLS);
      assert.equal((await world.status()).exitCode, 5);

      const told = world.alerts.find(({ text }) => text.includes("killed: a test"));
      assert.equal(told?.text, "HALTED: killed: a test. liu resume lifts it (gateway)");
      assert.equal(told?.environment, "PAPER");

      first.child.kill("SIGKILL");
      await first.ended;
      const dead = await world.status();
      assert.equal(dead.exitCode, 3);
      assert.equal(dead.kill?.reason, "a test");

      const second = world.trader();
      const again = await world.until("started", ({ account }) => account !== null);
      assert.equal(again.state, "halted");
      const flat = await liu.run(["kill", "--flatten"], env);
      assert.equal(flat.code, 0, flat.out + flat.err + second.text());
      assert.match(flat.out, /: flat\.\n/);

      const resumed = await liu.run(["resume"], env);
      assert.equal(resumed.code, 0, resumed.err);
      assert.match(resumed.out, /Lifted: liu kill, no reason given\nTrader \d+: ACTIVE/);
      assert.equal((await world.status()).kill, null);
      await world.until("traded again", ({ positions }) => positions.length > 0);
      second.child.kill("SIGTERM");
      assert.equal(await second.ended, 0, second.text());
      // Its file is gone with it.
      const left = [...Deno.readDirSync(join(world.folder, "data", "traders"))];
      assert.deepEqual(left.map(({ name }) => name), []);
    }),
});

Deno.test({
  name:
    "fault 50: a kill without a trader cancels entries; a switch that was damaged since still halts",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inWorld(async (world) => {
      const { liu, env } = world;
      const tried = await liu.run(["alerts", "test"], env);
      assert.deepEqual([tried.code, tried.out], [0, "webhook: sent\n"], tried.err);
      assert.match(world.alerts[0].text, /^liu alerts test/);
      const nothing = await liu.run(["resume"], env);
      assert.deepEqual([nothing.code, nothing.out], [0, "The kill switch was not fired.\n"]);
      const first = world.trader();
      await world.until("all held", holdsAll);
      first.child.kill("SIGKILL");
      await first.ended;
      const killed = await liu.run(["kill"], env);
      assert.equal(killed.code, 0, killed.err);
      assert.match(killed.out, /No trader runs\. The next one starts HALTED/);
      assert.match(killed.out, /Cancelled at the broker: 3 of Liu's entries; \d exits stay/);
      assert.deepEqual(
        (await world.ordersAtExchange()).map(({ side, type }) => `${side} ${type}`),
        Array(SYMBOLS).fill("sell stop"),
      );
      // Nobody could close anything: the next trader does, and nothing else.
      const later = await liu.run(["kill", "--flatten"], env);
      assert.equal(later.code, 1);
      assert.match(later.err, /Nothing is closed while no trader runs/);
      const closer = world.trader();
      const flat = await world.until(
        "flat",
        ({ symbols, positions }) => symbols === SYMBOLS && positions.length === 0,
      );
      assert.equal(flat.state, "halted");
      assert.deepEqual(flat.external, []);
      closer.child.kill("SIGTERM");
      assert.equal(await closer.ended, 0, closer.text());
      // Half of a switch is a switch.
      await Deno.writeTextFile(join(world.folder, "data", "kill.json"), "{");
      const second = world.trader();
      const status = await world.until("started", ({ symbols }) => symbols === SYMBOLS);
      assert.equal(status.state, "halted");
      assert.match(status.restrictions[0].reason, /cannot be read .* counts as fired/);
      const shown = await liu.run(["status"], env);
      assert.equal(shown.code, 5);
      assert.match(shown.out, /^KILLED: the kill switch's file/);
      second.child.kill("SIGTERM");
      assert.equal(await second.ended, 0, second.text());
      const last = await liu.run(["status"], env);
      assert.equal(last.code, 3);
      assert.match(
        last.out,
        /No trader runs\. The last batch, [-0-9a-f]+ \(PAPER\):\n {2}keeper: /,
      );
    }),
});

Deno.test({
  name:
    "fault 50: a switch that is damaged under a trader halts it; a hung one's entries are cancelled past it",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inWorld(async (world) => {
      const { liu, env } = world;
      const trader = world.trader();
      await world.until("all held", holdsAll);
      await Deno.writeTextFile(join(world.folder, "data", "kill.json"), "{");
      const halted = await world.until("halted", ({ state }) => state === "halted");
      assert.match(halted.restrictions[0].reason, /cannot be read .* counts as fired/);
      const resumed = await liu.run(["resume"], env);
      assert.match(resumed.out, /Trader \d+: ACTIVE/, resumed.err);
      await world.until("all held again", holdsAll);
      trader.child.kill("SIGSTOP");
      const killed = await liu.run(["kill"], env);
      assert.equal(killed.code, 1);
      assert.match(killed.err, /does not answer: .*The switch is on disk/);
      assert.match(killed.out, /Cancelled at the broker: 3 of Liu's entries; \d exits stay/);
      assert.deepEqual(
        (await world.ordersAtExchange()).map(({ side, type }) => `${side} ${type}`),
        Array(SYMBOLS).fill("sell stop"),
      );
      trader.child.kill("SIGCONT");
      await world.until("halted again", ({ state }) => state === "halted");
      trader.child.kill("SIGTERM");
      assert.equal(await trader.ended, 0, trader.text());
    }),
});
