/** What holds for every file of the repository. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const LINES_MAX = 400;

Deno.test("no file of the program is longer than can be read in one go", async () => {
  const long: string[] = [];
  for await (const path of files()) {
    if (!path.endsWith(".ts") || path.endsWith("_test.ts") || path.startsWith("tests/")) continue;
    const lines = (await read(path)).split("\n").length - 1;
    if (lines > LINES_MAX) long.push(`${path}: ${lines} lines`);
  }
  assert.deepEqual(long, [], `split them, each at most ${LINES_MAX} lines`);
});

Deno.test("the repository speaks of Liu alone, of no machine that it was written on", async () => {
  // Written in parts, so that this file does not hold them.
  const words = ["/wo" + "rk/main", "/wo" + "rk/shared", "../sha" + "red/", "npm" + "js.org"];
  const allowed: Record<string, string[]> = {
    // Where the base of the compiled binary may lie beside the checkout.
    ".ci/run": ["../sha" + "red/"],
  };
  const found: string[] = [];
  for await (const path of files()) {
    if (path === "deno.lock" || /\.(gz|xz|png)$/.test(path)) continue;
    for (const [i, line] of (await read(path)).split("\n").entries()) {
      for (const word of words) {
        if (line.includes(word) && !allowed[path]?.includes(word)) {
          found.push(`${path}:${i + 1} has ${JSON.stringify(word)}`);
        }
      }
    }
  }
  assert.deepEqual(found, []);
});

Deno.test("nothing in the program is left for later", async () => {
  const marks = new RegExp(
    `\\b(${["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"].join("|")})\\b`,
  );
  const found: string[] = [];
  for await (const path of files()) {
    if (!path.endsWith(".ts")) continue;
    for (const [i, line] of (await read(path)).split("\n").entries()) {
      if (marks.test(line)) found.push(`${path}:${i + 1}`);
    }
  }
  assert.deepEqual(found, []);
});

function read(path: string): Promise<string> {
  return Deno.readTextFile(join(ROOT, path));
}

/** Files of the checkout, without what git ignores. */
async function* files(folder = ""): AsyncGenerator<string> {
  const ignored = [".git", "build", "coverage", "node_modules", ".liu", "liu", "output"];
  for await (const entry of Deno.readDir(join(ROOT, folder))) {
    if (ignored.includes(entry.name)) continue;
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* files(path);
    else if (entry.isFile) yield path;
  }
}
