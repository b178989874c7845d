/** The compiled program, alone in an empty folder: no deno.json, no sources, no cache of modules. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cashOf, exchangeEnv, Liu, ROOT, writeFiles } from "./program.ts";

const KEYS = { keyId: "k", secretKey: "s" };
const EXE = Deno.build.os === "windows" ? ".exe" : "";

/** Why nothing can be compiled here, or null. Deno puts a program onto a base that it downloads once. */
const whyNot = await whyNotCompiled();
const skipped = whyNot === null ? "" : ` (ignored: ${whyNot})`;

let folder: string;
let liu: Liu;

if (whyNot === null) {
  Deno.test.beforeAll(async () => {
    folder = await Deno.makeTempDir({ prefix: "liu-binary-" });
    const home = join(folder, "home");
    const empty = join(folder, "empty");
    for (const path of [home, empty]) await Deno.mkdir(path);
    const program = join(folder, `liu${EXE}`);
    await compile(await argumentsOfTask(program));
    const env = { HOME: home, LIU_DATA: join(empty, "data"), NO_COLOR: "1" };
    liu = new Liu(empty, [program], env);
  });
  Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));
}

function inBinary(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `the compiled program ${name}${skipped}`, ignore: whyNot !== null, fn });
}

inBinary("shows its help, and its errors without a stack", async () => {
  const help = await liu.run(["--help"]);
  assert.equal(help.code, 0, help.err);
  assert.match(help.out, /^Usage: liu/);
  const { code, err } = await liu.run(["trader"]);
  assert.equal(code, 2);
  assert.match(err, /^Cannot read tradeplan\.toml: .*liu init/);
});

inBinary("trades a user's own strategy, and a built-in beside it", async () => {
  const init = await liu.run(["init"]);
  assert.equal(init.code, 0, init.err);
  // The user's strategy imports a file of its own; the built-in comes with the program.
  const plan = join(liu.folder, "tradeplan.toml");
  const text = await Deno.readTextFile(plan);
  const builtin = `[strategies.sma_cross]\nfast = 3\nslow = 8\n`;
  await Deno.writeTextFile(plan, `${text.replace(/target_strategy_name.*/, "")}\n${builtin}`);
  const exchange = await liu.simulate([
    ...["--generate", "6", "--seed", "1"],
    ...["--start", "2022-01-03T19:00:00Z", "--end", "2022-01-03T21:00:00Z"],
  ]);
  try {
    const { code, out, err } = await liu.run(["trader"], exchangeEnv(exchange.baseUrl, KEYS));
    assert.equal(code, 0, out + err);
    const { runs, trades, totals } = await liu.analysis();
    for (const name of ["my_strategy", "sma_cross"]) {
      const ids = runs.filter((run) => run.algoName === name).map((run) => run.algoRunId);
      assert.ok(trades.some(({ algoRunId }) => ids.includes(algoRunId)), `${name}: ${out}`);
    }
    assert.equal(totals.openPositions, 0);
    const gain = Number(await cashOf(exchange.baseUrl, KEYS)) - 100_000;
    assert.equal(gain.toFixed(2), Number(totals.cashChange).toFixed(2));
    assert.equal(gain.toFixed(2), Number(totals.gainValue).toFixed(2));
  } finally {
    assert.equal((await exchange.stop()).code, 0);
  }
});

inBinary("trades the demo's day", async () => {
  const { code, out, err } = await liu.run(["demo", "--json"]);
  assert.equal(code, 0, err);
  const { counts, totals, account } = JSON.parse(out);
  assert.ok(counts.fills > 0, out);
  assert.equal(Number(account.cashChange).toFixed(2), Number(totals.cashChange).toFixed(2));
});

inBinary("runs a user's own miner, and one of its own", async () => {
  assert.equal((await liu.run(["init", "mining"])).code, 0);
  for (
    const [name, result] of [["my_miner", /"volatile":""/], ["gainloss", /"batches":/]] as const
  ) {
    const { code, out, err } = await liu.run(["miner", name, "--config", "mining/miner.toml"]);
    assert.equal(code, 0, err);
    assert.match(out, result);
  }
});

inBinary("refuses imports from outside of the plan", async () => {
  await writeFiles(liu.folder, {
    "hostile/plan.toml": '[scanners.momentum]\n[strategies.mine]\nfilename = "mine.ts"\n',
    "hostile/mine.ts": 'import plan from "file:///etc/hostname";\nexport default plan;\n',
  });
  const { code, err } = await liu.run(
    ["trader", "--plan", "hostile/plan.toml"],
    exchangeEnv("http://127.0.0.1:1", KEYS),
  );
  assert.equal(code, 2, err);
  assert.match(err, /mine\.ts:1:.*"file:\/\/\/etc\/hostname" is refused/);
});

Deno.test({
  name: `hostile strategies fail at every hole of a compiled program${skipped}`,
  ignore: whyNot !== null,
  fn: async () => {
    const program = join(folder, `hostile${EXE}`);
    await compile([
      ...["--no-prompt", "--allow-read", "--include", join(ROOT, "tests/hostile_worker.ts")],
      ...["--output", program, join(ROOT, "tests/hostile_main.ts")],
    ]);
    const fixtures = fileURLToPath(new URL("./fixtures/hostile", import.meta.url));
    const { code, out, err } = await new Liu(liu.folder, [program]).run([fixtures]);
    assert.equal(code, 0, out + err);
    const held = Number(/^(\d+) held, 0 not held$/m.exec(out)?.[1]);
    assert.ok(held >= 185, out);
  },
});

/** What deno.json's task gives to `deno compile`, with another output. */
async function argumentsOfTask(output: string): Promise<string[]> {
  const { tasks } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
  const words: string[] = tasks.compile.command.split(" ");
  const start = words.indexOf("compile");
  assert.ok(start > 0 && words[start - 1].endsWith("deno"), tasks.compile.command);
  const args = words.slice(start + 1);
  assert.ok(!args.some((word) => /^(-A|--allow-(all|run|ffi))/.test(word)), "it asks for too much");
  args[args.indexOf("--output") + 1] = output;
  return args;
}

async function compile(args: string[]): Promise<void> {
  const { code, stderr } = await denoCompile(args);
  assert.equal(code, 0, new TextDecoder().decode(stderr));
}

function denoCompile(args: string[]): Promise<Deno.CommandOutput> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["compile", "--quiet", ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  return command.output();
}

/** Tries with the least program that there is. */
async function whyNotCompiled(): Promise<string | null> {
  const tried = await Deno.makeTempDir({ prefix: "liu-binary-" });
  try {
    await Deno.writeTextFile(join(tried, "least.ts"), "");
    const output = join(tried, "least");
    const { code, stderr } = await denoCompile(["--output", output, join(tried, "least.ts")]);
    const errors = new TextDecoder().decode(stderr);
    if (code === 0) return null;
    if (!errors.includes("base binary")) throw new Error(`deno compile failed: ${errors}`);
    return `the base of deno compile ${Deno.version.deno} cannot be downloaded here, and ` +
      "DENORT_BIN names none";
  } finally {
    await Deno.remove(tried, { recursive: true });
  }
}
