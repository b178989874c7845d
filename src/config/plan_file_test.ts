import assert from "node:assert/strict";
import { join } from "node:path";
import { readPlanFile } from "./plan_file.ts";

const NAME = "tradeplan.toml";

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the plan is the file that was named, else TRADEPLAN_DIR's, else this folder's", () =>
  inFolder(async (cwd) => {
    await Deno.mkdir(join(cwd, "plans"));
    await Deno.writeTextFile(join(cwd, NAME), "here");
    await Deno.writeTextFile(join(cwd, "plans", NAME), "there");
    await Deno.writeTextFile(join(cwd, "mine.toml"), "mine");
    const read = (named: string | undefined, folder: string | null) =>
      readPlanFile({ named, folder, cwd, name: NAME });
    assert.deepEqual(await read(undefined, null), {
      text: "here",
      path: join(cwd, NAME),
      file: NAME,
    });
    assert.deepEqual(await read(undefined, join(cwd, "plans")), {
      text: "there",
      path: join(cwd, "plans", NAME),
      file: join("plans", NAME),
    });
    assert.equal((await read("mine.toml", join(cwd, "plans"))).text, "mine");
    assert.equal((await read(join(cwd, "mine.toml"), null)).file, "mine.toml");
  }));

Deno.test("a plan that is not there is told with where it was looked for", () =>
  inFolder(async (cwd) => {
    await assert.rejects(readPlanFile({ named: undefined, folder: null, cwd, name: NAME }), {
      name: "ConfigError",
      message: `Cannot read ${NAME}: there is no ${join(cwd, NAME)}. ` +
        "Name another with --plan FILE, or write one with: liu init",
    });
    await assert.rejects(
      readPlanFile({ named: undefined, folder: null, cwd, name: "miner.toml" }),
      {
        name: "ConfigError",
        message: /there is no .*miner\.toml\. Name another with --config FILE$/,
      },
    );
    await assert.rejects(readPlanFile({ named: ".", folder: null, cwd, name: NAME }), {
      name: "ConfigError",
      message: /it is a folder; name the file: tradeplan\.toml$/,
    });
  }));
