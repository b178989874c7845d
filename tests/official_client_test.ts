/** The official client finds nothing odd. It runs under Node: under Deno it offers REST only. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { startSimulator } from "../src/simulator/server.ts";

const FOLDER = fileURLToPath(new URL("./official_client/", import.meta.url));
const BITCOIN = fileURLToPath(
  new URL("../data/btcusd-1min-2022-01-03.csv.gz", import.meta.url),
);
const NAME = "the official client 4.0.2 connects, trades and streams";

async function isThere(command: string): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(command, { args: ["--version"] })
      .output();
    return success;
  } catch {
    return false;
  }
}

const missing = [];
for (const command of ["node", "npm"]) {
  if (!await isThere(command)) missing.push(command);
}

Deno.test({
  name: missing.length === 0 ? NAME : `${NAME} (skipped: no ${missing.join(", no ")})`,
  ignore: missing.length > 0,
  fn: async (t) => {
    await install();
    const simulator = await startSimulator({
      sources: [
        { kind: "generate", symbols: 3, seed: 11 },
        { kind: "bars", file: BITCOIN, symbol: "BTC/USD", volumeIn: "quote" },
      ],
      startUs: Date.parse("2022-01-03T14:40:00Z") * 1000,
      endUs: Date.parse("2022-01-03T21:00:00Z") * 1000,
      // A quote comes every quarter of a second, a bar every second.
      speed: 60,
      port: 0,
      volumeShare: 1,
    });
    const client = new Deno.Command("node", {
      args: ["session.mjs", simulator.baseUrl, "AVDE"],
      cwd: FOLDER,
      stdout: "piped",
      stderr: "piped",
    });
    const { stdout, stderr, success } = await client.output();
    await simulator.close();
    const text = new TextDecoder();
    const checks = text.decode(stdout).trim().split("\n").filter((line) => line !== "")
      .map((line) => JSON.parse(line) as { check: string; error: string | null });
    for (const { check, error } of checks) {
      await t.step(check, () => assert.equal(error, null));
    }
    assert.equal(success, true, text.decode(stderr));
    assert.equal(checks.length, 12);
  },
});

/** Once: afterwards the lock file's packages are there. */
async function install(): Promise<void> {
  try {
    await Deno.stat(
      `${FOLDER}node_modules/@alpacahq/alpaca-trade-api/package.json`,
    );
    return;
  } catch {
    // Not there yet.
  }
  const { success, stderr } = await new Deno.Command("npm", {
    args: ["ci", "--no-audit", "--no-fund", "--ignore-scripts"],
    cwd: FOLDER,
    stdout: "null",
    stderr: "piped",
  }).output();
  assert.equal(success, true, new TextDecoder().decode(stderr));
}
