/** What `liu trader` says, and how it ends, where the exchange does not let it in. */
import { strict as assert } from "node:assert";
import { exchangeEnv, inFolder, Liu, writeFiles } from "../program.ts";

const KEYS = { keyId: "KEY-OF-TEST", secretKey: "SECRET-OF-TEST" };
const FILES = {
  "tradeplan.toml": `[scanners.symbols]
symbols = ["AAA"]
[strategies.sma_cross]
`,
  "bars.csv": "symbol,timestamp,open,high,low,close,volume\n" +
    "AAA,2022-01-03T14:30:00Z,1,1,1,1,100\nAAA,2022-01-03T14:31:00Z,1,1,1,1,100\n",
  "faults.toml": `[[faults]]
kind = "socket_refused"
sockets = ["stocks"]
code = 402
every = 1
`,
};

Deno.test("fault 26: a refused key ends the trader with exit code 2 and says what to check", () =>
  inFolder(async (folder) => {
    await writeFiles(folder, FILES);
    const liu = new Liu(folder);
    const exchange = await liu.simulate(["--bars", "bars.csv", "--faults", "faults.toml"]);
    try {
      const ended = await liu.run(["trader"], exchangeEnv(exchange.baseUrl, KEYS));
      assert.equal(ended.code, 2, ended.out + ended.err);
      assert.match(ended.err, /auth failed \(402\)[^]*APCA_API_KEY_ID and APCA_API_SECRET_KEY/);
      assert.doesNotMatch(ended.out + ended.err, /KEY-OF-TEST|SECRET-OF-TEST|\bat .*\.ts:/);
    } finally {
      await exchange.stop();
    }
  }));
