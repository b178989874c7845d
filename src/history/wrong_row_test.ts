import assert from "node:assert/strict";
import { join } from "node:path";
import { type BarColumns, emptyBars } from "../model/bars.ts";
import { History } from "./history.ts";
import { Shelf } from "./shelf.ts";
import { checkSeries } from "./check.ts";
import { wrongRow } from "./wrong_row.ts";

const START_US = Date.parse("2021-03-01T14:30:00Z") * 1000;
const ROWS = 5;

/** Minutes of 10, 11, 9, 10.5, of which one value is changed. */
function barsWith(column?: keyof BarColumns, value = 0, row = 3): BarColumns {
  const bars = emptyBars(ROWS);
  bars.timeUs.forEach((_, i) => bars.timeUs[i] = START_US + i * 60e6);
  const [open, high, low, close] = [10, 11, 9, 10.5];
  for (const [name, one] of Object.entries({ open, high, low, close, volume: 100, vwap: 10 })) {
    bars[name as keyof BarColumns].fill(one);
  }
  if (column !== undefined) bars[column][row] = value;
  return bars;
}

const WRONG: [column: keyof BarColumns, value: number, says: string][] = [
  ["close", -10.5, "close is -10.5"],
  ["close", NaN, "close is NaN"],
  ["close", 10.5 * 2 ** 20, "open or close is not between low and high"],
  ["open", 0, "open is 0"],
  ["open", 8, "open or close is not between low and high"],
  ["high", 1, "open or close is not between low and high"],
  ["high", Infinity, "high is Infinity"],
  ["low", NaN, "low is NaN"],
  ["low", 10.2, "open or close is not between low and high"],
  ["volume", -5, "volume is -5"],
  ["vwap", NaN, "vwap is NaN"],
  ["trades", -1, "trades is -1"],
  ["timeUs", START_US + 60e6, "it is not later than the row before"],
];

Deno.test("rows that cannot be are found, and said to be what they are", () => {
  assert.equal(wrongRow("minute", barsWith()), null);
  assert.equal(wrongRow("minute", barsWith("vwap", 0)), null);
  assert.equal(wrongRow("minute", barsWith("volume", 0)), null);
  for (const [column, value, text] of WRONG) {
    assert.deepEqual(wrongRow("minute", barsWith(column, value)), { row: 3, text });
  }
  const timeUs = Float64Array.of(START_US, START_US, START_US);
  const size = Float64Array.of(1, 0, 2);
  assert.equal(wrongRow("trade", { timeUs, size, price: Float64Array.of(1, 2, 3) } as never), null);
  assert.deepEqual(
    wrongRow("trade", { timeUs, size, price: Float64Array.of(1, 0, 3) } as never),
    { row: 1, text: "price is 0" },
  );
});

Deno.test("what history loads and what it checks are held to one rule", async () => {
  const folder = await Deno.makeTempDir({ prefix: "liu-wrong-row-" });
  const range = { fromUs: START_US, toUs: START_US + ROWS * 60e6 };
  const query = { symbols: ["AAA"], scale: "minute", ...range } as const;
  try {
    const shelf = new Shelf<BarColumns>(folder, "import-raw", "minute");
    const load = () => new History({ folder }).loadBars(query);
    await shelf.write("AAA", range, barsWith());
    assert.equal((await load()).get("AAA")!.timeUs.length, ROWS);
    for (const [column, value, text] of WRONG) {
      if (column === "timeUs") continue;
      await shelf.write("AAA", range, barsWith(column, value));
      const file = join(folder, "import-raw", "minute", "AAA", "2021.arrow");
      await assert.rejects(load, {
        name: "OperationError",
        message: `Cannot use the history of AAA: in ${file}, row of 2021-03-01T14:33:00.000Z: ` +
          `${text}. Remove the file, and download or import it again (liu data check shows ` +
          "what else is damaged)",
      });
      const [finding] = (await checkSeries(shelf, "AAA")).findings;
      assert.equal(finding?.text, `row of 2021-03-01T14:33:00.000Z: ${text}`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
