/**
 * Fault 38: the database is stopped, does not answer, and the spool's disk is full, each in the midst
 * of a session of a real process. They need a PostgreSQL (.ci/postgres.sh), and the last one root.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { inFolder, type Liu, writeFiles } from "../program.ts";
import { type Exchange, onExchange, Proxy, TraderProcess } from "./trader_process.ts";

const DSN = Deno.env.get("LIU_TEST_DSN");
const PG_DIR = Deno.env.get("LIU_TEST_PG_DIR");

const CHURNER = `import { buy, sell, Strategy, type Tick } from "liu";
/** Buys one, sells it, buys one, … */
export default class Buyer extends Strategy {
  run({ position }: Tick<this>) {
    return position ? sell({ qty: position.qty }) : buy({ qty: 1 });
  }
}
`;
/** `seconds`: without the database, until nothing is opened any more. */
const planOf = (seconds: number) =>
  `[session]
database_seconds = ${seconds}
on_stop = "flatten"
`;

interface World {
  liu: Liu;
  trader: TraderProcess;
  exchange: Exchange;
  /** The way to the database. */
  proxy: Proxy;
  /** Resolves when so many more trades have been told. */
  trades(count: number): Promise<void>;
}

/** A trader whose database is reached through a proxy, in the midst of its trades. */
function trading(
  run: (world: World) => Promise<void>,
  { spoolSize = "", seconds = 1 }: { spoolSize?: string; seconds?: number } = {},
): Promise<void> {
  return inFolder(async (folder) => {
    const name = `fault_${crypto.randomUUID().replaceAll("-", "")}`;
    await psql(`create database ${name}`);
    const dsn = new URL(DSN!);
    dsn.pathname = `/${name}`;
    const proxy = await Proxy.open(dsn.href.replace("postgres:", "http:"));
    const own = new URL(dsn.href);
    own.port = new URL(proxy.url).port;
    const spool = join(folder, "data", "spool");
    try {
      await onExchange(folder, planOf(seconds), async (liu, exchange) => {
        await writeFiles(folder, { "buyer.ts": CHURNER });
        if (spoolSize !== "") {
          await Deno.mkdir(spool, { recursive: true });
          await command("mount", ["-t", "tmpfs", "-o", `size=${spoolSize}`, "tmpfs", spool]);
        }
        const trader = TraderProcess.start(liu, [], exchange.env);
        const told = () => trader.out.match(/ (buy|sell) /gi)?.length ?? 0;
        const trades = async (count: number) => {
          for (const wanted = told() + count; told() < wanted;) await trader.saysMore();
        };
        await trades(4);
        await run({ liu, trader, exchange, proxy, trades });
        await ended(liu, trader, exchange, dsn.href);
      }, { DSN: own.href });
    } finally {
      if (spoolSize !== "") await command("umount", ["--lazy", spool]);
      proxy.close();
      await psql(`drop database if exists ${name} with (force)`);
    }
  });
}

/** Stops it; each fill of the exchange is in the database, once. */
async function ended(liu: Liu, trader: TraderProcess, { get }: Exchange, dsn: string) {
  trader.kill("SIGTERM");
  const { code } = await trader.ended;
  assert.equal(code, 0, trader.err);
  const orders = await get("/v2/orders?status=closed&limit=500");
  const filled = orders.filter(({ status }) => status === "filled");
  const { code: analyzed, out, err } = await liu.run(["analyze", "last", "--json"], { DSN: dsn });
  assert.equal(analyzed, 0, err);
  const stored = JSON.parse(out).trades as { symbol: string; operation: string }[];
  const count = (all: unknown[][]) => all.map((one) => one.join(" ")).sort();
  assert.deepEqual(
    count(stored.map(({ symbol, operation }) => [symbol, operation])),
    count(filled.map(({ symbol, side }) => [symbol, side])),
  );
  assert.ok(filled.length > 8, `${filled.length} fills`);
}

function lines(text: string, of: RegExp): number {
  return text.split("\n").filter((line) => of.test(line)).length;
}

async function command(name: string, args: string[]): Promise<void> {
  const { code, stderr } = await new Deno.Command(name, { args, stdout: "null", stderr: "piped" })
    .output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
}

async function psql(statement: string): Promise<void> {
  await command(await serverCommand("psql"), ["--no-psqlrc", "-q", "-d", DSN!, "-c", statement]);
}

async function serverCommand(name: string): Promise<string> {
  for await (const { name: version } of Deno.readDir("/usr/lib/postgresql")) {
    return `/usr/lib/postgresql/${version}/bin/${name}`;
  }
  return name;
}

/** As the user that the server runs as. */
async function postgres(action: "start" | "stop"): Promise<void> {
  const data = join(PG_DIR!, "data");
  const args = action === "stop"
    ? ["-D", data, "-m", "immediate", "-w", "stop"]
    : ["-D", data, "-l", join(PG_DIR!, "log"), "-w", "start", "-o", await optionsOf(data)];
  const pgCtl = await serverCommand("pg_ctl");
  if (Deno.uid() !== 0) return await command(pgCtl, args);
  const owner = ["--reuid=postgres", "--regid=postgres", "--clear-groups"];
  await command("setpriv", [...owner, pgCtl, ...args]);
}

/** How it was started: its options are the last line's. */
async function optionsOf(data: string): Promise<string> {
  const text = await Deno.readTextFile(join(data, "postmaster.opts"));
  return text.trim().split(" ").slice(1).map((word) => word.replaceAll('"', "")).filter((
    word,
    i,
    all,
  ) => word !== "-D" && all[i - 1] !== "-D").join(" ");
}

const server = DSN === undefined || PG_DIR === undefined ? { ignore: true } : { ignore: false };

Deno.test({
  name: "fault 38: PostgreSQL stops in mid-session: REDUCING, spooled, stored once when it is back",
  ...server,
  fn: () =>
    trading(async ({ trader, trades }) => {
      await postgres("stop");
      try {
        await trader.says(/REDUCING: no record was stored for 1 s; they are spooled/);
      } finally {
        await postgres("start");
      }
      await trader.says(/ACTIVE: no longer restricted by database/);
      await trades(4);
      assert.equal(lines(trader.err, /REDUCING: no record/), 1);
    }),
});

Deno.test({
  name: "fault 38: a network that says nothing is noticed; what was on its way is stored once",
  ...server,
  fn: () =>
    trading(async ({ trader, proxy, trades }) => {
      proxy.silence();
      await trader.says(/REDUCING: no record was stored for 1 s; they are spooled/);
      proxy.speak();
      await trader.says(/ACTIVE: no longer restricted by database/);
      await trades(4);
    }),
});

const canMount = server.ignore === false && Deno.uid() === 0 && await mounts();

Deno.test({
  name: "fault 38: the spool's disk is full, too: REDUCING at once, nothing is lost",
  ignore: !canMount,
  fn: () =>
    trading(async ({ trader, proxy, trades }) => {
      proxy.silence();
      proxy.cut();
      await trader.says(/REDUCING: Cannot write to the spool/);
      assert.match(trader.err, /Until then records are kept in memory/);
      proxy.speak();
      proxy.cut();
      await trader.says(/ACTIVE: no longer restricted by database/);
      await trades(4);
    }, { spoolSize: "12k", seconds: 3600 }),
});

/** Whether a file system can be mounted here. */
async function mounts(): Promise<boolean> {
  const folder = await Deno.makeTempDir({ prefix: "liu-mount-" });
  try {
    await command("mount", ["-t", "tmpfs", "-o", "size=4k", "tmpfs", folder]);
    await command("umount", [folder]);
    return true;
  } catch {
    return false;
  } finally {
    await Deno.remove(folder);
  }
}
