import assert from "node:assert/strict";
import { curveCsv } from "./backtest_report.ts";
import { OutputFile } from "./output_file.ts";

Deno.test("an equity curve has no noise of sums", () => {
  const timeUs = [0, 60e6, 120e6];
  const equity = [100_000, 100_613.79000000004, 0.1 + 0.2];
  assert.equal(
    curveCsv({ timeUs, equity }),
    "time,equity\n1970-01-01T00:00:00Z,100000\n1970-01-01T00:01:00Z,100613.79\n" +
      "1970-01-01T00:02:00Z,0.3\n",
  );
});

Deno.test("a file that cannot be written is told before, one that can is as it was", async () => {
  const folder = await Deno.makeTempDir({ prefix: "liu-output-" });
  try {
    const file = await OutputFile.open("new.csv", folder);
    await assert.rejects(Deno.stat(`${folder}/new.csv`), Deno.errors.NotFound);
    await file.write("a\n");
    await OutputFile.open("new.csv", folder);
    assert.equal(await Deno.readTextFile(`${folder}/new.csv`), "a\n");
    await file.write("b\n");
    assert.equal(await Deno.readTextFile(`${folder}/new.csv`), "b\n");
    await assert.rejects(OutputFile.open("none/new.csv", folder), {
      name: "ConfigError",
      message: /Cannot write .*new\.csv: .*Name a file/,
    });
    await Deno.remove(`${folder}/new.csv`);
    await Deno.mkdir(`${folder}/new.csv`);
    await assert.rejects(file.write("c\n"), { name: "OperationError", message: /told above/ });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
