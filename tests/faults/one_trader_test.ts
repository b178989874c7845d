/** Two traders, as processes, on one account. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { TEST_DSN } from "../../src/store/test_databases.ts";
import { exchangeEnv, inFolder, Liu, writeFiles } from "../program.ts";

const KEYS = { keyId: "k", secretKey: "s" };
const FILES = {
  "tradeplan.toml": `[scanners.none]
filename = "none.ts"
[strategies.idle]
filename = "idle.ts"
`,
  "none.ts": `import { Scanner } from "liu";
export default class None extends Scanner {
  async run() {
    return [];
  }
}
`,
  "idle.ts": `import { Strategy } from "liu";
export default class Idle extends Strategy {
  override run() {}
}
`,
};

/** The second trader's end, while the first trades. */
async function second(
  folder: string,
  { isOwnFolder, env }: { isOwnFolder: boolean; env: Record<string, string> },
) {
  const first = new Liu(folder, undefined, env);
  await writeFiles(folder, FILES);
  const exchange = await first.simulate([
    ...["--generate", "1", "--speed", "10", "--start", "2022-01-03T15:00:00Z"],
  ]);
  const account = exchangeEnv(exchange.baseUrl, KEYS);
  const trader = first.start(["trader"], account);
  try {
    const output = trader.stdout.pipeThrough(new TextDecoderStream()).getReader();
    void new Response(trader.stderr).text();
    for (let text = ""; !text.includes("is open");) {
      const { value, done } = await output.read();
      assert.ok(!done, text);
      text += value;
    }
    output.releaseLock();
    const other = isOwnFolder ? join(folder, "other") : folder;
    await writeFiles(other, FILES);
    return await new Liu(other, undefined, env).run(["trader"], account);
  } finally {
    trader.kill("SIGINT");
    await trader.status;
    await exchange.stop();
  }
}

Deno.test("fault 40: a second trader with the same data folder is refused", () =>
  inFolder(async (folder) => {
    const { code, err } = await second(folder, { isOwnFolder: false, env: {} });
    assert.equal(code, 1, err);
    assert.match(err, /another trader \(this data folder\) trades account .*; stop it first/);
  }));

Deno.test({
  name: "fault 40: a second trader with the same database is refused",
  ignore: TEST_DSN === undefined,
  fn: () =>
    inFolder(async (folder) => {
      const { code, err } = await second(folder, { isOwnFolder: true, env: { DSN: TEST_DSN! } });
      assert.equal(code, 1, err);
      assert.match(err, /another trader \(the same database, at .*\) trades account .*; stop it/);
    }),
});
