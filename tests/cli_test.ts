/** The program as its user sees it: command lines, what they print, exit codes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { COMMANDS } from "../src/commands/registry.ts";
import { readMinerPlan } from "../src/config/miner_plan.ts";
import { readTradePlan } from "../src/config/tradeplan.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const MAIN = join(ROOT, "main.ts");

interface Case {
  args: string[];
  code: 0 | 1 | 2;
  /** Must be in what is printed on the stream. */
  out?: (string | RegExp)[];
  err?: (string | RegExp)[];
  env?: Record<string, string>;
}

/** Starts `liu` in `folder` with an environment of its own. */
function liu(folder: string, args: string[], env: Record<string, string> = {}) {
  const kept = ["PATH", "HOME", "DENO_DIR", "DENO_TLS_CA_STORE", "SSL_CERT_FILE"];
  const own = kept.map((name) => [name, Deno.env.get(name)])
    .filter((pair): pair is [string, string] => pair[1] !== undefined);
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "-A", MAIN, ...args],
    cwd: folder,
    clearEnv: true,
    env: { ...Object.fromEntries(own), LIU_DATA: join(folder, "data"), ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs each command line to its end, and looks at exit code and output. */
async function check(folder: string, cases: Case[]): Promise<void> {
  for (const { args, code, out = [], err = [], env } of cases) {
    const result = await liu(folder, args, env).output();
    const shown = {
      args,
      code: result.code,
      out: new TextDecoder().decode(result.stdout),
      err: new TextDecoder().decode(result.stderr),
    };
    const context = JSON.stringify(shown, null, 1);
    assert.equal(shown.code, code, context);
    for (const [stream, parts] of [[shown.out, out], [shown.err, err]] as const) {
      for (const part of parts) {
        const isIn = typeof part === "string" ? stream.includes(part) : part.test(stream);
        assert.ok(isIn, `${part} is not in ${context}`);
      }
    }
    assert.ok(code === 0 || !/\n +at /.test(shown.err), `a stack in ${context}`);
  }
}

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "liu-cli-" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("every command has help with examples", () =>
  inFolder(async (folder) => {
    await check(folder, [
      { args: ["--help"], code: 0, out: ["Examples:", ...Object.keys(COMMANDS)] },
      { args: ["--version"], code: 0, out: [/^\d+\.\d+\.\d+\n$/] },
      ...Object.keys(COMMANDS).map((name): Case => ({
        args: [name, "--help"],
        code: 0,
        out: [`Usage: liu ${name}`, "Examples:", `  liu ${name}`],
      })),
      { args: ["help", "init"], code: 0, out: ["Usage: liu init", "Examples:"] },
    ]);
  }));

Deno.test("wrong usage ends with 2 and says what would be right", () =>
  inFolder((folder) =>
    check(folder, [
      { args: [], code: 2, err: ["Usage: liu"] },
      { args: ["simulat"], code: 2, err: ["unknown command 'simulat'", "Did you mean simulate?"] },
      { args: ["init", "a", "b"], code: 2, err: ["too many arguments", "liu init --help"] },
      { args: ["migrate", "--jason"], code: 2, err: ["unknown option '--jason'", "--json"] },
      { args: ["simulate", "--port", "x"], code: 2, err: ["whole number from 0 to 65535"] },
      { args: ["simulate", "--speed", "0"], code: 2, err: ['It must be "max" or'] },
      { args: ["simulate", "--start", "noon"], code: 2, err: ["2022-01-03T09:30:00-05:00"] },
      { args: ["simulate", "--keys", "id"], code: 2, err: ["It must be ID:SECRET."] },
      { args: ["simulate"], code: 2, err: ["--generate N"] },
      {
        args: ["simulate", "--bars", "b.csv", "--seed", "1"],
        code: 2,
        err: ["without --generate"],
      },
      {
        args: ["simulate", "--bars", "b.csv", "--quote-volume", "BTC/USD"],
        code: 2,
        err: ["there is no --bars BTC/USD=FILE"],
      },
    ])
  ));

Deno.test("a wrong environment is told whole, without its secrets", () =>
  inFolder((folder) =>
    check(folder, [
      {
        args: ["migrate"],
        env: { DSN: "mysql://liu:sesame@db/liu", LIU_LOG: "loud" },
        code: 2,
        err: [
          /^Cannot read the environment, 2 problems:\n {2}DSN must[^]*LIU_LOG must/,
          /^(?![^]*sesame)/,
        ],
      },
    ])
  ));

Deno.test("init writes a plan that is right, and never overwrites", () =>
  inFolder(async (folder) => {
    await check(folder, [
      { args: ["init", "first"], code: 0, out: ["first/tradeplan.toml", "cd first", "liu trader"] },
    ]);
    const plan = join(folder, "first", "tradeplan.toml");
    const text = await Deno.readTextFile(plan);
    const read = readTradePlan(text, plan, "tradeplan.toml");
    assert.deepEqual(read.warnings, []);
    const minerToml = join(folder, "first", "miner.toml");
    const mined = readMinerPlan(await Deno.readTextFile(minerToml), minerToml, "miner.toml");
    assert.deepEqual(mined.warnings, []);
    const own = mined.miners.filter(({ filename }) => filename !== null);
    for (const { filename } of [...read.scanners, ...read.strategies, ...own]) {
      assert.ok((await Deno.stat(filename!)).isFile);
    }
    await Deno.writeTextFile(plan, "# mine\n");
    await Deno.remove(join(folder, "first", ".env.example"));
    await check(folder, [
      { args: ["init", "first"], code: 2, err: ["tradeplan.toml", "are there already"] },
    ]);
    assert.equal(await Deno.readTextFile(plan), "# mine\n");
    await assert.rejects(Deno.stat(join(folder, "first", ".env.example")), Deno.errors.NotFound);
    await Deno.writeTextFile(join(folder, "file"), "");
    await check(folder, [{ args: ["init", "file/x"], code: 1, err: ["Cannot write"] }]);
  }));

Deno.test("what init writes has the types that it should have", () =>
  inFolder(async (folder) => {
    await check(folder, [{ args: ["init"], code: 0 }]);
    const { compilerOptions, imports } = JSON.parse(
      await Deno.readTextFile(join(ROOT, "deno.json")),
    );
    const absolute = Object.entries<string>(imports)
      .map((
        [name, to],
      ) => [name, to.startsWith("./") ? new URL(`../${to}`, import.meta.url).href : to]);
    const config = join(folder, "deno.json");
    await Deno.writeTextFile(
      config,
      JSON.stringify({ compilerOptions, imports: Object.fromEntries(absolute) }),
    );
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["check", "--config", config],
        ...["strategies/my_strategy.ts", "scanners/my_scanner.ts", "miners/my_miner.ts"],
      ],
      cwd: folder,
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
  }));

Deno.test("migrate applies once, and tells where the database cannot be reached", () =>
  inFolder((folder) =>
    check(folder, [
      { args: ["migrate", "--json"], code: 0, out: [/^\{"applied":\["0001_[^\n]*\]\}\n$/] },
      { args: ["migrate"], code: 0, out: ["The database is up to date."] },
      {
        args: ["migrate"],
        env: { DSN: "postgres://liu:sesame@127.0.0.1:1/liu" },
        code: 1,
        err: ["Cannot reach the database", /^(?![^]*sesame)/],
      },
    ])
  ));

Deno.test("simulate prints its address first, serves, and ends with 0 when it is told to", () =>
  inFolder(async (folder) => {
    const child = liu(folder, ["simulate", "--generate", "2", "--seed", "1"]);
    const errors = new Response(child.stderr).text();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let out = "";
    while (!out.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) break;
      out += value;
    }
    assert.match(out, /^http:\/\/127\.0\.0\.1:\d+\n$/, out);
    const reply = await fetch(`${out.trim()}/v2/clock`, {
      headers: { "APCA-API-KEY-ID": "me", "APCA-API-SECRET-KEY": "me" },
    });
    assert.equal(reply.status, 200);
    assert.ok("timestamp" in await reply.json());
    const port = new URL(out.trim()).port;
    await check(folder, [
      { args: ["simulate", "--generate", "1", "--port", port], code: 1, err: [port] },
    ]);
    child.kill("SIGTERM");
    await reader.cancel();
    assert.equal((await child.status).code, 0, await errors);
    await errors;
  }));

Deno.test("data that cannot be read is told with file and line", () =>
  inFolder(async (folder) => {
    const head = "symbol,timestamp,open,high,low,close,volume\n";
    await Deno.writeTextFile(join(folder, "empty.csv"), "");
    await Deno.writeTextFile(
      join(folder, "bad.csv"),
      `${head}AAPL,2022-01-03T14:30:00Z,1,2,1,2,100\nAAPL,2022-01-03T14:31:00Z,1,2,one,2,100\n`,
    );
    await check(folder, [
      { args: ["simulate", "--bars", "missing.csv"], code: 2, err: ["missing.csv"] },
      { args: ["simulate", "--bars", "empty.csv"], code: 2, err: ["empty.csv"] },
      { args: ["simulate", "--bars", "bad.csv"], code: 2, err: [/bad\.csv.*(line 3|:3)/] },
    ]);
  }));

Deno.test({
  name: "a plan that cannot be read is told with file, line and key",
  ignore: !("trader" in COMMANDS),
  fn: () =>
    inFolder(async (folder) => {
      const strategy = '[strategies.s]\nfilename = "s.ts"\n';
      const plans: Record<string, string> = {
        "syntax.toml": 'events = ["minute"\n[risk]\n',
        "unknown.toml": `portfolio_valu = 5\n${strategy}`,
        "wrong.toml": `${strategy}[[strategies.s.schedule]]\nstart = 0\nduration = -5\n`,
      };
      for (const [name, text] of Object.entries(plans)) {
        await Deno.writeTextFile(join(folder, name), text);
      }
      const env = { APCA_API_KEY_ID: "me", APCA_API_SECRET_KEY: "me" };
      const trader = (plan: string) => ["trader", "--plan", plan];
      await check(folder, [
        { args: ["trader"], env, code: 2, err: ["Cannot read tradeplan.toml", "liu init"] },
        { args: trader("none.toml"), env, code: 2, err: ["Cannot read none.toml"] },
        { args: trader("."), env, code: 2, err: ["it is a folder"] },
        {
          args: trader("syntax.toml"),
          env,
          code: 2,
          err: [/Cannot read syntax\.toml: line \d, column/],
        },
        {
          args: trader("unknown.toml"),
          env,
          code: 2,
          err: ['unknown.toml: line 1: "portfolio_valu"', 'did you mean "portfolio_value"?'],
        },
        {
          args: trader("wrong.toml"),
          env,
          code: 2,
          err: ['wrong.toml: [strategies.s] line 5: "duration" must be minutes > 0, got -5'],
        },
      ]);
    }),
});
