import assert from "node:assert/strict";
import { join } from "node:path";
import { type KeptState, readStates, StateFile } from "./state_file.ts";

interface Told {
  level: string;
  text: string;
}

/** A file of batch "b" in a folder of its own. */
async function inFolder(
  run: (world: {
    folder: string;
    told: Told[];
    open(): StateFile;
    read(): Promise<{ counts: Record<string, number>; problem: string | null } | null>;
    path: string;
    pass(ms: number): void;
  }) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const told: Told[] = [];
  let nowMs = 0;
  try {
    await run({
      folder,
      told,
      path: join(folder, "b.states"),
      pass: (ms) => nowMs += ms,
      open: () =>
        new StateFile({
          folder,
          batchId: "b",
          monotonicMs: () => nowMs,
          log: (level, text) => void told.push({ level, text }),
        }),
      read: async () => {
        const read = await readStates(folder, "b");
        if (read === null) return null;
        const counts = read.states.map(({ symbol, state }) =>
          [symbol, (state as { count: number }).count] as const
        );
        return { counts: Object.fromEntries(counts), problem: read.problem };
      },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function kept(symbol: string, count: number, more: object = {}): KeptState {
  return { strategy: "one", digest: "d", symbol, timeUs: count, state: { count, ...more } };
}

Deno.test("of each symbol the state that was told last is read back", () =>
  inFolder(async ({ open, read }) => {
    assert.equal(await read(), null);
    const file = open();
    file.put(kept("A", 1));
    file.put(kept("B", 1));
    file.put(kept("A", 2));
    await file.close();
    assert.deepEqual(await read(), { counts: { A: 2, B: 1 }, problem: null });
  }));

Deno.test("what changed is on disk before the end, and what did not is not written again", () =>
  inFolder(async ({ open, read, path }) => {
    const file = open();
    file.put(kept("A", 1));
    while (await read() === null) await new Promise((resolve) => setTimeout(resolve, 0));
    file.put(kept("A", 2));
    while ((await read())?.counts.A !== 2) await new Promise((resolve) => setTimeout(resolve, 0));
    const { size } = await Deno.stat(path);
    file.put({ ...kept("A", 2), timeUs: 99 });
    await file.close();
    assert.equal((await Deno.stat(path)).size, size);
  }));

Deno.test("a last line that a crash has torn leaves what was there before it", () =>
  inFolder(async ({ open, read, path }) => {
    const file = open();
    file.put(kept("A", 1));
    await file.close();
    await Deno.writeTextFile(path, "0123456789abcdef 2 {", { append: true });
    assert.deepEqual(await read(), { counts: { A: 1 }, problem: null });
  }));

Deno.test("a damaged file is not believed at all, and said to be damaged", () =>
  inFolder(async ({ open, read, path }) => {
    const file = open();
    for (const symbol of ["A", "B", "C"]) file.put(kept(symbol, 1));
    await file.close();
    const whole = await Deno.readTextFile(path);
    const lines = whole.split("\n");
    const damages = {
      "a character": whole.replace('"count":1', '"count":2'),
      "a line": [lines[0], ...lines.slice(2)].join("\n"),
      "an order": [lines[0], lines[2], lines[1], ...lines.slice(3)].join("\n"),
    };
    for (const [damage, text] of Object.entries(damages)) {
      await Deno.writeTextFile(path, text);
      const { counts, problem } = (await read())!;
      assert.deepEqual(counts, {}, damage);
      assert.match(problem!, /b\.states is damaged in line 2/, damage);
    }
    await Deno.writeTextFile(path, "");
    assert.match((await read())!.problem!, /written by another version/);
  }));

Deno.test("the file stays small, however often states change", () =>
  inFolder(async ({ open, read, path }) => {
    const file = open();
    const text = "x".repeat(9_000);
    let largest = 0;
    for (let count = 1; count <= 400; count++) {
      file.put(kept("A", count, { text }));
      // Each is written: the one before is on disk.
      while ((await read())?.counts.A !== count) {
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      largest = Math.max(largest, (await Deno.stat(path)).size);
    }
    await file.close();
    assert.ok(largest > 500_000 && largest < 1_100_000, `${largest} bytes`);
    assert.equal((await read())!.counts.A, 400);
  }));

Deno.test("a state that is too large is left out, told once; the others are kept", () =>
  inFolder(async ({ open, read, told }) => {
    const file = open();
    file.put(kept("A", 1, { list: new Array(70_000).fill(1) }));
    file.put(kept("B", 1, { list: new Array(70_000).fill(1) }));
    file.put(kept("C", 1));
    await file.close();
    assert.deepEqual((await read())!.counts, { C: 1 });
    assert.deepEqual(told.map(({ level }) => level), ["warning"]);
  }));

Deno.test("a write that fails is told once; when it can be written again, all of it is", () =>
  inFolder(async ({ folder, open, read, told, pass }) => {
    const away = `${folder}-away`;
    await Deno.rename(folder, away);
    const file = open();
    file.put(kept("A", 1));
    while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    pass(2000);
    file.put(kept("B", 1));
    await Deno.rename(away, folder);
    pass(2000);
    file.put(kept("C", 1));
    await file.close();
    assert.deepEqual((await read())!.counts, { A: 1, B: 1, C: 1 });
    assert.deepEqual(told.map(({ level }) => level), ["error", "info"]);
    assert.match(told[0].text, /cannot be written/);
  }));

Deno.test("a folder that is gone does not hold up the end", () =>
  inFolder(async ({ folder, open, told }) => {
    await Deno.remove(folder);
    const file = open();
    file.put(kept("A", 1));
    await file.close();
    await Deno.mkdir(folder);
    assert.deepEqual(told.map(({ level }) => level), ["error"]);
  }));
