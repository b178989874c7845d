/**
 * Mistakes that people make, through the program's own door: each ends with the right exit code and a message that
 * says what to do, shows no key and no stack of Liu's own, and loses nothing that was recorded.
 */
import assert from "node:assert/strict";
import {
  cashOf,
  type Ended,
  exchangeEnv,
  Liu,
  type SimulateProcess,
  type Stored,
  writeFiles,
} from "./program.ts";

const KEYS = { keyId: "AKgoodid5521", secretKey: "goodsecret7734" };
const SECRETS = [KEYS.keyId, KEYS.secretKey, "wrongsecret9968", "sesame4410"];
/** The last hour of a session. */
const EXCHANGE = [
  ...["--generate", "4", "--seed", "1", "--keys", `${KEYS.keyId}:${KEYS.secretKey}`],
  ...["--start", "2022-01-03T20:00:00Z", "--end", "2022-01-03T21:00:00Z"],
];

let folder: string;
let liu: Liu;
let exchange: SimulateProcess;

Deno.test.beforeAll(async () => {
  folder = await Deno.makeTempDir({ prefix: "liu-bad-input-" });
  liu = new Liu(folder);
  await writeFiles(folder, { "scanners/all.ts": ALL_SYMBOLS, "strategies/good.ts": GOOD });
  exchange = await liu.simulate(EXCHANGE);
});

Deno.test.afterAll(async () => {
  await exchange.stop();
  await Deno.remove(folder, { recursive: true });
});

const ALL_SYMBOLS = `import { Scanner, type ScanContext } from "liu";
export default class All extends Scanner {
  async run({ market }: ScanContext) {
    return (await market.snapshots()).top(10, "dollarVolume");
  }
}
`;

/** Buys a share in each symbol and keeps it. */
const GOOD = `import { buy, Strategy, type Tick } from "liu";
export default class Good extends Strategy {
  run({ position }: Tick<this>) {
    if (!position) return buy({ qty: 1 });
  }
}
`;

const SCANNER = '[scanners.all]\nfilename = "scanners/all.ts"\n';
const GOOD_PLAN = `${SCANNER}[strategies.good]\nfilename = "strategies/good.ts"\n`;

interface Wrong {
  files?: Record<string, string>;
  plan?: string;
  env?: Record<string, string>;
  code: 1 | 2;
  err: (string | RegExp)[];
}

function wrong(name: string, make: () => Wrong): void {
  Deno.test(name, async () => {
    const { files = {}, plan = GOOD_PLAN, env = {}, code, err } = make();
    await writeFiles(folder, { ...files, "plan.toml": plan });
    const ended = await liu.run(["trader", "--plan", "plan.toml"], {
      ...exchangeEnv(exchange.baseUrl, KEYS),
      ...env,
    });
    check(ended, code, err);
    assert.doesNotMatch(ended.err, /bug in Liu/);
  });
}

function check({ code, out, err }: Ended, wanted: number, parts: (string | RegExp)[]): void {
  const context = JSON.stringify({ code, out, err }, null, 1);
  assert.equal(code, wanted, context);
  for (const part of parts) {
    assert.ok(
      typeof part === "string" ? err.includes(part) : part.test(err),
      `${part}: ${context}`,
    );
  }
  assert.doesNotMatch(err, /\n +at .*(src|workers|ext:|node:|data:)/, `a stack of Liu's own`);
  for (const secret of SECRETS) assert.ok(!(out + err).includes(secret), `${secret} is shown`);
}

/** A port that nobody listens on. */
function closedPort(): number {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  listener.close();
  return listener.addr.port;
}

/** A plan whose only strategy is this text. */
function withStrategy(text: string, section = ""): Pick<Wrong, "files" | "plan"> {
  return {
    files: { "strategies/mine.ts": text },
    plan: `${SCANNER}[strategies.mine]\nfilename = "strategies/mine.ts"\n${section}`,
  };
}

wrong("a plan that is no TOML is told with line and column", () => ({
  plan: `${GOOD_PLAN}fast = = 5\n`,
  code: 2,
  err: [/Cannot read plan\.toml: line 5, column 8/],
}));

wrong("a strategy file that is not there is told with its path", () => ({
  plan: `${SCANNER}[strategies.mine]\nfilename = "strategies/none.ts"\n`,
  code: 2,
  err: ["Cannot read plan.toml: [strategies.mine] line 3", "strategies/none.ts"],
}));

wrong("a strategy file that does not compile is told with its line", () => ({
  ...withStrategy(
    `import { Strategy } from "liu";\nexport default class extends Strategy {\n  run( {\n`,
  ),
  code: 2,
  err: [/strategies\/mine\.ts:[34]:\d+/],
}));

wrong("a strategy file without its class is told what to write", () => ({
  ...withStrategy("export class Mine {}\n"),
  code: 2,
  err: ["strategies/mine.ts", "no default export", "export default class X extends Strategy"],
}));

wrong("a strategy file with another class is told what to extend", () => ({
  ...withStrategy("export default class Mine { run() {} }\n"),
  code: 2,
  err: ["strategies/mine.ts", '"Mine", does not extend Strategy'],
}));

wrong("a strategy that throws when it is loaded is told with its line", () => ({
  ...withStrategy(`${GOOD}\nconst levels: number[] = undefined!;\nlevels.length;\n`),
  code: 2,
  err: ["strategies/mine.ts:9:8", "undefined"],
}));

wrong("a strategy that throws in create is told with its line", () => ({
  ...withStrategy(
    GOOD.replace("run(", 'create(): boolean { throw new Error("no luck"); }\n  run('),
  ),
  code: 2,
  err: ["Cannot load strategies/mine.ts:3:29: no luck"],
}));

wrong("an import that is refused is told with file, line and reason", () => ({
  ...withStrategy(
    `import { readFileSync } from "node:fs";\n${GOOD}\nreadFileSync("/etc/passwd");\n`,
  ),
  code: 2,
  err: ["strategies/mine.ts:1:", '"node:fs" is refused'],
}));

wrong("a strategy that imports a file that is not there is told where", () => ({
  ...withStrategy(`import { x } from "./none.ts";\n${GOOD}\nx;\n`),
  code: 2,
  err: ["strategies/mine.ts:1:", "strategies/none.ts"],
}));

wrong("an unknown built-in strategy is told with a suggestion", () => ({
  plan: `${SCANNER}[strategies.momentum_lon]\n`,
  code: 2,
  err: ['line 3: there is no built-in "momentum_lon"', 'did you mean "momentum_long"?'],
}));

wrong("an unknown scanner is told with those that there are", () => ({
  plan: `[scanners.momentun]\n[strategies.good]\nfilename = "strategies/good.ts"\n`,
  code: 2,
  err: ['there is no built-in "momentun"', 'did you mean "momentum"?', "filename"],
}));

wrong("an unknown parameter is told with a suggestion", () => ({
  ...withStrategy(
    GOOD.replace("run(", "static override params = { maxGap: param.int(5, { max: 9 }) };\n  run(")
      .replace("buy,", "buy, param,"),
    "max_gab = 4\n",
  ),
  code: 2,
  err: ["[strategies.mine]", "max_gab", 'did you mean "max_gap"?'],
}));

wrong("a parameter out of its range is told with what it may be", () => ({
  ...withStrategy(
    GOOD.replace("run(", "static override params = { maxGap: param.int(5, { max: 9 }) };\n  run(")
      .replace("buy,", "buy, param,"),
    "max_gap = 40\n",
  ),
  code: 2,
  err: ["[strategies.mine]", "max_gap", "9", "40"],
}));

wrong("a missing key is told with the variable's name", () => ({
  env: { APCA_API_KEY_ID: "" },
  code: 2,
  err: ["APCA_API_KEY_ID is not set"],
}));

wrong("a wrong key is told with the variables to check", () => ({
  env: { APCA_API_SECRET_KEY: "wrongsecret9968" },
  code: 2,
  err: ["Cannot log in", "Check APCA_API_KEY_ID and APCA_API_SECRET_KEY"],
}));

wrong("an exchange that is away is told with its address", () => ({
  env: { APCA_API_BASE_URL: `http://127.0.0.1:${closedPort()}` },
  code: 1,
  err: [/Cannot read from http:\/\/127\.0\.0\.1:\d+/, "APCA_API_BASE_URL"],
}));

wrong("a database that is away is told with host, port and name, never the password", () => ({
  env: { DSN: "postgres://liu:sesame4410@127.0.0.1:1/trades" },
  code: 1,
  err: ["Cannot reach the database", '"trades"', "127.0.0.1:1", "DSN"],
}));

wrong("real money in the plan with a paper address is refused", () => ({
  plan: `environment = "PROD"\n${GOOD_PLAN}`,
  code: 2,
  err: ['environment = "PROD"', "APCA_API_BASE_URL=https://api.alpaca.markets"],
}));

wrong("a live address with a paper plan is refused", () => ({
  env: { APCA_API_BASE_URL: "https://api.alpaca.markets" },
  code: 2,
  err: ["live account", 'environment = "PAPER"', "paper-api.alpaca.markets"],
}));

/** A session with strategies that throw at some time, beside one that does not. */
const THROWING: Record<string, string> = {
  in_setup: `setup(): unknown { throw new Error("in setup"); }`,
  in_run: `run({ position, bars }: Tick<this>) {
    if (position && bars.length > 40) throw new Error(\`in run of \${position.qty}\`);
    if (!position) return buy({ qty: 2 });
  }`,
  in_fill: `onFill(): void { throw new Error("in onFill"); }`,
};

const THROWING_SCANNER = ALL_SYMBOLS.replace("return", 'throw new Error("no market");\n    return');

Deno.test("strategies that throw stop alone, and what they traded is stored", async () => {
  await writeFiles(folder, { "scanners/throwing.ts": THROWING_SCANNER });
  let plan = `${GOOD_PLAN}[scanners.throwing]\nfilename = "scanners/throwing.ts"\n`;
  for (const [name, method] of Object.entries(THROWING)) {
    const path = `strategies/${name}.ts`;
    const text = method.startsWith("run")
      ? GOOD.replace(/ {2}run[^]*?\n {2}\}/, `  ${method}`)
      : GOOD.replace("run(", `${method}\n  run(`);
    await writeFiles(folder, { [path]: text });
    plan += `[strategies.${name}]\nfilename = "${path}"\n`;
  }
  await writeFiles(folder, { "plan.toml": plan });
  const env = exchangeEnv(exchange.baseUrl, KEYS);
  const ended = await liu.run(["trader", "--plan", "plan.toml"], env);
  check(ended, 3, []);
  for (const where of ["in setup", "in run of 2", "in onFill"]) {
    const name = where.split(" ").slice(0, 2).join("_").replace("onFill", "fill");
    assert.match(
      ended.out,
      new RegExp(`Stopped "${name}": ${where}\n +at .*strategies/${name}.ts:`),
    );
  }
  assert.match(ended.out, /"throwing": no market\n +at .*scanners\/throwing\.ts:4:/);
  assert.match(ended.out, /Batch [-0-9a-f]+ ended: market close/);

  const { runs, trades, totals }: Stored = await liu.analysis();
  const traded = (name: string) => {
    const ids = runs.filter(({ algoName }) => algoName === name).map(({ algoRunId }) => algoRunId);
    return trades.filter(({ algoRunId }) => ids.includes(algoRunId)).map((row) => row.operation);
  };
  const perSymbol = (operations: string[]) => Array(4).fill(operations).flat().sort();
  assert.deepEqual(traded("good").sort(), perSymbol(["buy", "sell"]));
  assert.deepEqual(traded("in_setup"), []);
  assert.deepEqual(traded("in_run").sort(), perSymbol(["buy", "sell"]));
  assert.deepEqual(traded("in_fill").sort(), perSymbol(["buy", "sell"]));
  const reasons = runs.map(({ algoName, endReason }) => `${algoName}: ${endReason}`);
  const expected = [
    "good: market close",
    "in_fill: stopped: in onFill",
    "in_run: stopped: in run of 2",
    "in_setup: stopped: in setup",
  ];
  assert.deepEqual([...new Set(reasons)].sort(), expected);
  assert.ok(runs.every(({ endUs }) => endUs !== null));
  assert.equal(totals.openPositions, 0);
  const cash = Number(await cashOf(exchange.baseUrl, KEYS));
  assert.equal((cash - 100_000).toFixed(2), Number(totals.cashChange).toFixed(2));
});

Deno.test("CSV files without rows, columns or sense are told with file and line", async () => {
  const head = "symbol,timestamp,open,high,low,close,volume\n";
  await writeFiles(folder, {
    "only_head.csv": head,
    "columns.csv": "symbol,timestamp,open\nAAPL,2022-01-03T14:30:00Z,1\n",
    "fields.csv": `${head}AAPL,2022-01-03T14:30:00Z,1,2,1\n`,
    "high.csv": `${head}AAPL,2022-01-03T14:30:00Z,1,2,1,3,100\n`,
    "quote.csv": `${head}"AAPL,2022-01-03T14:30:00Z,1,2,1,2,100\n`,
  });
  const cases: [string, RegExp][] = [
    ["only_head.csv", /only_head\.csv.*no (rows|bars|data)/],
    ["columns.csv", /columns\.csv:1: column "high" is missing/],
    ["fields.csv", /fields\.csv:2: 5 fields, the header has 7/],
    ["high.csv", /high\.csv:2: high 2 is below/],
    ["quote.csv", /quote\.csv:2: /],
  ];
  for (const [name, message] of cases) {
    check(await liu.run(["simulate", "--bars", name]), 2, [message]);
  }
});
