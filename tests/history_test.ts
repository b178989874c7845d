/** History as its user sees it: downloaded from an exchange, imported, checked, read by others. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { History } from "../src/history/history.ts";
import type { BarColumns } from "../src/model/bars.ts";
import { type Simulator, startSimulator } from "../src/simulator/server.ts";
import { exchangeEnv, inFolder, Liu, ROOT } from "./program.ts";

const KEYS = { keyId: "me", secretKey: "me" };
const HEADER = "symbol,timestamp,open,high,low,close,volume,vwap,trades\n";
const RANGE = ["--from", "2019-01-01", "--to", "2022-12-29"];

/** Three bars a session of the first week of each month, 2019–2022; MSFT none in 2020. */
function recordedBars(): string {
  const lines: string[] = [];
  for (let month = 0; month < 48; month++) {
    for (let day = 1; day <= 7; day++) {
      for (const minute of [30, 31, 45]) {
        const time = new Date(Date.UTC(2019, month, day, 15, minute)).toISOString();
        const price = 100 + month + day / 7 + minute / 1000;
        const row = [price, price + 0.1, price - 0.3, price + 1 / 30, 1000 + day, price, 7];
        for (const symbol of ["AAPL", "BRK.B", "BTC/USD", "MSFT"]) {
          if (symbol === "MSFT" && time.startsWith("2020")) continue;
          lines.push([symbol, time, ...row].join(","));
        }
      }
    }
  }
  // So that the exchange has a minute to trade after all of it.
  lines.push("AAPL,2022-12-30T20:59:00Z,1,1,1,1,1,1,1");
  return HEADER + lines.join("\n") + "\n";
}

/** A simulated exchange whose requests for bars are counted, and may be watched. */
class Counted {
  readonly asked: URLSearchParams[] = [];
  onAsk: (count: number) => Promise<void> | void = () => {};
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  private constructor(readonly simulator: Simulator) {
    this.#server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
      return this.#answer(request);
    });
  }

  static async start(folder: string): Promise<Counted> {
    const file = join(folder, "bars.csv");
    await Deno.writeTextFile(file, recordedBars());
    return new Counted(
      await startSimulator({
        sources: [{ kind: "bars", file }],
        startUs: Date.parse("2022-12-30T21:00:00Z") * 1000,
        endUs: Date.parse("2022-12-30T21:05:00Z") * 1000,
        speed: 1,
        port: 0,
      }),
    );
  }

  get env(): Record<string, string> {
    return exchangeEnv(`http://127.0.0.1:${this.#server.addr.port}`, KEYS);
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname, search, searchParams } = new URL(request.url);
    if (pathname.endsWith("/bars")) {
      this.asked.push(searchParams);
      await this.onAsk(this.asked.length);
    }
    const reply = await fetch(this.simulator.baseUrl + pathname + search, {
      headers: request.headers,
    });
    return new Response(await reply.text(), { status: reply.status });
  }

  async [Symbol.asyncDispose]() {
    await this.#server.shutdown();
    await this.simulator.close();
  }
}

/** All minutes that are on disk. */
async function loaded(folder: string, symbols: string[]): Promise<Map<string, BarColumns>> {
  const range = { fromUs: Date.UTC(2019) * 1000, toUs: Date.UTC(2023) * 1000 };
  const history = new History({ folder: join(folder, "data", "history") });
  return await history.loadBars({ symbols, scale: "minute", ...range });
}

Deno.test("a download gives what the exchange has, and a second one asks for nothing", () =>
  inFolder(async (folder) => {
    await using exchange = await Counted.start(folder);
    const liu = new Liu(folder, undefined, exchange.env);
    const symbols = ["AAPL", "BRK.B", "BTC/USD"];
    const first = await liu.run(["data", "download", ...symbols, ...RANGE, "--json"]);
    assert.equal(first.code, 0, first.err);
    const { rows, calls } = JSON.parse(first.out);
    assert.equal(rows, 3 * 48 * 7 * 3);
    assert.equal(exchange.asked.length, calls);
    const bars = (await loaded(folder, symbols)).get("BRK.B")!;
    assert.equal(bars.timeUs[0], Date.parse("2019-01-01T15:30:00Z") * 1000);
    assert.equal(bars.close[0], 100 + 1 / 7 + 0.03 + 1 / 30);
    assert.deepEqual([bars.vwap[0], bars.trades[0]], [100 + 1 / 7 + 0.03, 7]);
    const counted = exchange.asked.length;
    const second = await liu.run(["data", "download", ...symbols, ...RANGE]);
    assert.equal(exchange.asked.length, counted, second.err);
    assert.equal(second.out, "All of it is here already: nothing was asked for.\n");
    // Another adjustment is another download, but crypto has but one.
    await liu.run(["data", "download", ...symbols, ...RANGE, "--adjustment", "raw"]);
    const more = exchange.asked.slice(counted).flatMap((query) => query.get("symbols")!.split(","));
    assert.deepEqual([...new Set(more)].sort(), ["AAPL", "BRK.B"]);
  }));

Deno.test("only what is missing is asked for, by symbol and range", () =>
  inFolder(async (folder) => {
    await using exchange = await Counted.start(folder);
    const liu = new Liu(folder, undefined, exchange.env);
    const download = async (symbols: string[], from: string, to: string) => {
      const before = exchange.asked.length;
      const args = ["data", "download", ...symbols, "--from", from, "--to", to];
      args.push("--adjustment", "raw");
      const { code, err } = await liu.run(args);
      assert.equal(code, 0, err);
      return exchange.asked.slice(before).map((query) =>
        ["symbols", "start", "end"].map((name) => query.get(name)).join(" ")
      );
    };
    await download(["AAPL"], "2021-03-01", "2021-03-31");
    assert.deepEqual(await download(["AAPL", "MSFT"], "2021-03-15", "2021-04-02"), [
      "AAPL 2021-04-01T04:00:00Z 2021-04-03T03:59:59.999999Z",
      "MSFT 2021-03-15T04:00:00Z 2021-04-03T03:59:59.999999Z",
    ]);
    await download(["AAPL"], "2021-05-01", "2021-05-31");
    const { out } = await liu.run(["data", "check", "AAPL", "--json"]);
    const holes = JSON.parse(out).findings.filter(({ kind }: { kind: string }) => kind === "hole");
    assert.deepEqual(
      holes.map(({ fromUs, toUs }: { fromUs: number; toUs: number }) =>
        [fromUs, toUs].map((us) => new Date(us / 1000).toISOString())
      ),
      [["2021-04-03T04:00:00.000Z", "2021-05-01T04:00:00.000Z"]],
    );
    assert.deepEqual(await download(["AAPL"], "2021-03-01", "2021-05-31"), [
      "AAPL 2021-04-03T04:00:00Z 2021-05-01T03:59:59.999999Z",
    ]);
  }));

Deno.test("a download that is killed goes on with the call that was not answered", () =>
  inFolder(async (folder) => {
    await using exchange = await Counted.start(folder);
    const liu = new Liu(folder, undefined, exchange.env);
    const args = ["data", "download", "AAPL", "MSFT", ...RANGE, "--adjustment", "raw"];
    const child = liu.start(args);
    exchange.onAsk = async (count) => {
      if (count !== 4) return;
      child.kill("SIGKILL");
      await child.status;
    };
    const { success } = await child.output();
    assert.equal(success, false);
    exchange.onAsk = () => {};
    const killedAt = exchange.asked.length;
    const again = await liu.run([...args, "--json"]);
    assert.equal(again.code, 0, again.err);
    assert.equal(String(exchange.asked[killedAt]), String(exchange.asked[3]));
    assert.equal(exchange.asked.length, killedAt + JSON.parse(again.out).calls);
    const bars = await loaded(folder, ["AAPL", "MSFT"]);
    assert.deepEqual(
      [...bars.values()].map(({ timeUs }) => timeUs.length),
      [48 * 21, 36 * 21],
    );
    const { out } = await liu.run(["data", "check", "MSFT"]);
    assert.match(out, /gap .* MSFT: no rows in \d+ sessions, 2019-12-09 to 2020-12-31/);
  }));

Deno.test("two processes that write the same files at once lose nothing", () =>
  inFolder(async (folder) => {
    const liu = new Liu(folder);
    const lines = recordedBars().split("\n").filter((line) => line.startsWith("AAPL"));
    const files: string[][] = [[], []];
    for (let month = 0; month < 48; month++) {
      const text = new Date(Date.UTC(2019, month)).toISOString().slice(0, 7);
      for (const [i, days] of [/-0[123]T/, /-0[567]T/].entries()) {
        const some = lines.filter((line) => line.includes(text) && days.test(line));
        const file = join(folder, `${text}-${i}.csv`);
        await Deno.writeTextFile(file, HEADER + some.join("\n") + "\n");
        files[i]!.push(file);
      }
    }
    // Each import reads and rewrites the file of a whole year.
    const ended = await Promise.all(files.map((some) => liu.run(["data", "import", ...some])));
    for (const { code, err } of ended) assert.equal(code, 0, err);
    const { timeUs } = (await loaded(folder, ["AAPL"])).get("AAPL")!;
    assert.equal(timeUs.length, 48 * 6 * 3);
    const checked = await liu.run(["data", "check", "AAPL"]);
    assert.equal(checked.code, 0, checked.out);
  }));

Deno.test("trades and quotes come in beside bars; what is there is listed, damage is told", () =>
  inFolder(async (folder) => {
    const liu = new Liu(folder);
    const time = "2022-01-03T14:30:00.000001Z";
    const files = {
      "trades.csv": `symbol,timestamp,price,size\nBTC/USD,${time},46000.5,0.1\n`,
      "quotes.csv": "symbol,timestamp,bid_price,bid_size,ask_price,ask_size\n" +
        `BTC/USD,${time},46000,1,46001,2\n`,
      "days.csv": "timestamp,open,high,low,close,volume\n2022-01-03,1,2,0.5,1.5,100\n" +
        "2022-01-06,1,2,0.5,1.5,100\n",
    };
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(join(folder, name), text);
    }
    for (
      const args of [
        ["--kind", "trades", "trades.csv"],
        ["--kind", "quotes", "quotes.csv"],
        ["--scale", "day", "--symbol", "AAPL", "days.csv"],
      ]
    ) {
      const { code, err } = await liu.run(["data", "import", ...args]);
      assert.equal(code, 0, err);
    }
    const listed = JSON.parse((await liu.run(["data", "list", "--json"])).out);
    assert.deepEqual(
      listed.series.map(({ source, adjustment, kind, symbol, rows }: Record<string, unknown>) =>
        [source, adjustment, kind, symbol, rows].join(" ")
      ),
      ["import raw trade BTC/USD 1", "import raw quote BTC/USD 1", "import split day AAPL 2"],
    );
    const checked = await liu.run(["data", "check", "AAPL"]);
    assert.equal(checked.code, 0);
    assert.match(checked.out, /gap .* AAPL: no rows in 2 sessions, 2022-01-04 to 2022-01-05/);
    const file = join(folder, "data/history/import-split/day/AAPL/2022.arrow");
    await Deno.truncate(file, 1000);
    const damaged = await liu.run(["data", "check", "--json"]);
    assert.equal(damaged.code, 1);
    const { findings: [finding], counts } = JSON.parse(damaged.out);
    assert.deepEqual([finding.kind, finding.symbol, counts.series], ["damage", "AAPL", 3]);
    assert.ok(finding.text.includes(file), finding.text);
  }));

Deno.test("wrong files and operands are named", () =>
  inFolder(async (folder) => {
    const liu = new Liu(folder);
    const row = "AAPL,2022-01-03T14:30:00Z,1,2,0.5,1.5,100,1,1\n";
    await Deno.writeTextFile(join(folder, "bad.csv"), HEADER + row + row.replace("1.5", "9"));
    const cases: [args: string[], code: number, err: RegExp][] = [
      [["import", "bad.csv"], 2, /bad\.csv:3: high 2 is below open, close or low/],
      [["import", "none.csv"], 2, /Cannot read .*none\.csv/],
      [["import", "--kind", "quotes", "--quote-volume", "x"], 2, /only bars have them/],
      [["check", "AAPL"], 2, /There is no history of AAPL/],
      [["download", "AAPL", "--from", "2030-01-01"], 2, /APCA_API_KEY_ID is not set/],
      [[], 2, /say liu data download, import, list or check/],
    ];
    for (const [args, code, expected] of cases) {
      const { err, ...ended } = await liu.run(["data", ...args]);
      assert.equal(ended.code, code, err);
      assert.match(err, expected);
    }
  }));

const YAHOO = ["AAPL-1day-20040819-20180120", "GOOG-1day-20040819-20180120"];
const dataFolder = Deno.env.get("LIU_TEST_DATA") ?? join(ROOT, "data");
const hasYahoo = await exists(join(dataFolder, `${YAHOO[0]}.csv`));

Deno.test({
  name: "Yahoo's daily files come in whole: all sessions of 13 years are there",
  ignore: !hasYahoo,
  fn: () =>
    inFolder(async (folder) => {
      const liu = new Liu(folder);
      for (const name of YAHOO) {
        const file = join(dataFolder, `${name}.csv`);
        const { code, err } = await liu.run(["data", "import", `${name.slice(0, 4)}=${file}`]);
        assert.equal(code, 0, err);
      }
      const { out } = await liu.run(["data", "check", "--json"]);
      assert.deepEqual(JSON.parse(out).counts, {
        series: 2,
        rows: 2 * 3379,
        damage: 0,
        hole: 0,
        gap: 0,
      });
    }),
});

const READERS = {
  pandas: `import pandas; d = pandas.read_feather(path)
print(len(d), d.dtypes["time"], repr(float(d["close"][1])), d["time"][1].isoformat())`,
  polars: `import polars; d = polars.read_ipc(path)
print(d.height, d.schema["time"], repr(d["close"][1]), d["time"][1].isoformat())`,
  duckdb: `import duckdb, pyarrow.feather; d = pyarrow.feather.read_table(path)
print(*duckdb.sql("select count(*), any_value(typeof(time)) from d").fetchall()[0])
print(*duckdb.sql("select close from d order by time limit 1 offset 1").fetchall()[0])`,
};
for (const [reader, script] of Object.entries(READERS)) {
  const isThere = await hasPython(reader);
  Deno.test({
    name: `${reader} reads the files`,
    ignore: !isThere,
    fn: () =>
      inFolder(async (folder) => {
        const csv = "AAPL,2022-01-03T14:30:00Z,1,2,0.5,1.5,100,1,1\n" +
          "AAPL,2022-01-03T14:31:00Z,1,2,0.5,1.1,100,1,1\n";
        await Deno.writeTextFile(join(folder, "bars.csv"), HEADER + csv);
        await new Liu(folder).run(["data", "import", "bars.csv"]);
        const file = join(folder, "data/history/import-raw/minute/AAPL/2022.arrow");
        const { code, stdout, stderr } = await python(`path = ${JSON.stringify(file)}\n${script}`);
        assert.equal(code, 0, new TextDecoder().decode(stderr));
        const said = new TextDecoder().decode(stdout).replaceAll(/\s+/g, " ");
        assert.match(said, /^2 .*(UTC|TIME ZONE).* 1\.1( 2022-01-03T14:31:00\+00:00)? $/);
      }),
  });
}

/** Python as LIU_TEST_PYTHON names it, else the system's. */
async function python(script: string) {
  const command = Deno.env.get("LIU_TEST_PYTHON") ?? "python3";
  return await new Deno.Command(command, { args: ["-c", script], stderr: "piped" }).output();
}

async function hasPython(module: string): Promise<boolean> {
  try {
    return (await python(`import pyarrow, ${module}`)).success;
  } catch {
    return false;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}
