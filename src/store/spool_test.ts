import assert from "node:assert/strict";
import { decodeLine, encodeLine } from "./spool_line.ts";
import { Spool } from "./spool.ts";

async function inFolder(body: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "liu-spool-" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** All that is there, taken as stored. */
function drain(spool: Spool): { texts: string[]; damaged: string[] } {
  const all = { texts: [] as string[], damaged: [] as string[] };
  for (let next = spool.next(); next !== null; next = spool.next()) {
    all.texts.push(...next.chunk.texts);
    all.damaged.push(...next.chunk.damaged);
    next.done();
  }
  return all;
}

function spoolFiles(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).filter((n) => n.endsWith(".spool"));
}

Deno.test("a line is known by its checksum", () => {
  const line = encodeLine('{"a":"é😀"}').slice(0, -1);
  assert.equal(decodeLine(line), '{"a":"é😀"}');
  for (const bad of ["", "x", line.slice(0, -1), line.slice(1), line.replace("a", "b")]) {
    assert.equal(decodeLine(bad), null, bad);
  }
});

Deno.test("texts come out in the order they went in, across files and chunks", () =>
  inFolder((folder) => {
    const spool = new Spool(folder, { fileBytesMax: 10_000 });
    const texts = Array.from({ length: 5_000 }, (_, i) => `text ${i}`);
    texts[77] = "x".repeat(3 << 20);
    for (let i = 0; i < texts.length; i += 100) spool.append(texts.slice(i, i + 100));
    assert.ok(spoolFiles(folder).length > 3);
    assert.deepEqual(drain(spool), { texts, damaged: [] });
    assert.equal(spool.pendingBytes, 0);
    assert.equal(spoolFiles(folder).length, 1);
    spool.close();
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  }));

Deno.test("what wasn't marked as stored comes again, also in the next process", () =>
  inFolder((folder) => {
    const first = new Spool(folder);
    first.append(["a", "b"]);
    assert.deepEqual(first.next()?.chunk.texts, ["a", "b"]);
    assert.deepEqual(first.next()?.chunk.texts, ["a", "b"]);
    first.close();

    const second = new Spool(folder);
    second.append(["c"]);
    assert.equal(second.adopt(), 1);
    assert.deepEqual(drain(second).texts, ["a", "b", "c"]);
    second.close();
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  }));

Deno.test("the files of a living process are left alone", () =>
  inFolder((folder) => {
    const living = new Spool(folder);
    living.append(["a"]);
    const other = new Spool(folder);
    assert.equal(other.adopt(), 0);
    assert.equal(other.next(), null);
    living.close();
    assert.equal(other.adopt(), 1);
    // Taken over once only.
    assert.equal(other.adopt(), 0);
    assert.deepEqual(drain(other).texts, ["a"]);
    other.close();
  }));

Deno.test("a torn last line and a damaged one are told apart from the others", () =>
  inFolder((folder) => {
    const first = new Spool(folder);
    first.append(["one", "two", "three", "four"]);
    first.close();
    const path = `${folder}/${spoolFiles(folder)[0]}`;
    const lines = Deno.readTextFileSync(path).split("\n");
    lines[1] = lines[1].replace("two", "TWO");
    lines[3] = lines[3].slice(0, 5);
    Deno.writeTextFileSync(path, lines.slice(0, 4).join("\n"));

    const second = new Spool(folder);
    second.adopt();
    assert.deepEqual(drain(second), { texts: ["one", "three"], damaged: [lines[1], lines[3]] });
    second.close();
  }));

Deno.test("syncs asked for at the same time are shared, and all resolve", () =>
  inFolder(async (folder) => {
    const spool = new Spool(folder);
    spool.append(["a"]);
    await Promise.all([spool.sync(), spool.sync(), spool.sync()]);
    spool.append(["b"]);
    await spool.sync();
    drain(spool);
    spool.close();
  }));
