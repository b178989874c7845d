import assert from "node:assert/strict";
import { join } from "node:path";
import { FileJournal, JournalDamaged, readJournal } from "./file_journal.ts";
import type { Execution } from "../../model/order.ts";
import { decimal } from "../../util/decimal.ts";
import type { JournalRecord } from "./journal.ts";

const EXECUTION: Execution = {
  brokerOrderId: "b",
  clientOrderId: "liu-b-1-1",
  symbol: "A",
  side: "buy",
  qty: decimal("0.5"),
  price: decimal("100.25"),
  cumulativeQty: decimal("1.5"),
  executionId: null,
  timeUs: 1,
  fee: decimal(0),
};

function record(n: number): JournalRecord {
  if (n % 2 === 1) return { type: "execution", runId: n, execution: EXECUTION };
  return { type: "refused", clientOrderId: `liu-b-1-${n}`, code: "1", message: "é\n" };
}

async function inFolder(run: (folder: string, path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder, join(folder, "b.journal"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function write(folder: string, from: number, count: number): Promise<void> {
  const journal = await FileJournal.open(folder, "b");
  for (let i = 0; i < count; i++) journal.note(record(from + i));
  await journal.close();
}

Deno.test("what was appended is there again, in order, over two openings", async () => {
  await inFolder(async (folder) => {
    const journal = await FileJournal.open(folder, "b");
    journal.note(record(0));
    await Promise.all([journal.append([record(1), record(2)]), journal.append([record(3)])]);
    await journal.close();
    await write(folder, 4, 2);
    const { restored } = await FileJournal.open(folder, "b").then(async (journal) => {
      await journal.close();
      return journal;
    });
    assert.deepEqual(restored, [0, 1, 2, 3, 4, 5].map(record));
  });
});

Deno.test("a record is on disk when its append has resolved", async () => {
  await inFolder(async (folder, path) => {
    const journal = await FileJournal.open(folder, "b");
    for (let i = 0; i < 20; i++) {
      await journal.append([record(i)]);
      assert.equal(readJournal(await Deno.readFile(path)).records.length, i + 1);
    }
    await journal.close();
  });
});

Deno.test("a torn last record is cut off, and writing goes on after it", async () => {
  await inFolder(async (folder, path) => {
    await write(folder, 0, 3);
    const whole = await Deno.readFile(path);
    const lastStart = readJournal(whole.subarray(0, whole.length - 1)).wholeBytes;
    for (let length = lastStart + 1; length < whole.length; length += 7) {
      await Deno.writeFile(path, whole.subarray(0, length));
      await write(folder, 9, 1);
      const { state, records } = readJournal(await Deno.readFile(path));
      assert.equal(state, "whole");
      assert.deepEqual(records, [record(0), record(1), record(9)]);
    }
  });
});

Deno.test("damage before the last record is told, with what can still be read", async () => {
  await inFolder(async (folder, path) => {
    await write(folder, 0, 3);
    const whole = await Deno.readFile(path);
    const end = readJournal(whole.subarray(0, whole.length - 1)).wholeBytes;
    for (let at = 0; at < end; at += 5) {
      const bytes = whole.slice();
      bytes[at] ^= 1;
      await Deno.writeFile(path, bytes);
      await assert.rejects(FileJournal.open(folder, "b"), (error) => {
        assert.ok(error instanceof JournalDamaged);
        const before = error.line - 1;
        assert.deepEqual(error.readable.slice(0, before), [0, 1, 2].slice(0, before).map(record));
        // What comes after it is read too: one line is gone, or two where it joined them.
        const after = error.readable.slice(before);
        assert.deepEqual(after, [0, 1, 2].slice(3 - after.length).map(record));
        assert.ok(error.readable.length >= 1 && error.readable.length <= 2);
        return true;
      });
      assert.deepEqual(await Deno.readFile(path), bytes, "a damaged journal is not touched");
    }
  });
});

Deno.test("a line that is gone or came twice is damage, though each line is whole", async () => {
  await inFolder(async (folder, path) => {
    await write(folder, 0, 4);
    const lines = (await Deno.readTextFile(path)).split("\n").slice(0, -1);
    const text = (numbers: number[]) =>
      new TextEncoder().encode(numbers.map((i) => `${lines[i]}\n`).join(""));
    assert.equal(readJournal(text([0, 2, 3])).state, "damaged");
    assert.equal(readJournal(text([0, 1, 1, 2])).state, "damaged");
    assert.equal(readJournal(text([])).state, "whole");
  });
});

Deno.test("fault 38: while the disk takes nothing no append resolves; then all of it is written, once", async () => {
  await inFolder(async (folder, path) => {
    const journal = await FileJournal.open(folder, "b");
    await journal.append([record(0)]);
    const { write } = journal.file;
    let room = 10;
    // A disk that takes some more bytes, and then is full.
    journal.file.write = (bytes) => {
      if (room === 0) return Promise.reject(new Error("No space left on device"));
      const part = bytes.subarray(0, Math.min(room, bytes.length));
      room -= part.length;
      return write.call(journal.file, part);
    };
    await assert.rejects(journal.append([record(1)]), /No space/);
    await assert.rejects(journal.append([record(2)]), /No space/);
    journal.note(record(3));
    assert.equal(await journal.repair(), false);
    assert.equal(readJournal(await Deno.readFile(path)).records.length, 1);
    journal.file.write = write;
    assert.equal(await journal.repair(), true);
    await journal.append([record(4)]);
    const { state, records } = readJournal(await Deno.readFile(path));
    assert.equal(state, "whole");
    assert.deepEqual(records, [0, 1, 2, 3, 4].map(record));
    await journal.close();
  });
});

Deno.test("a sync that fails leaves nothing believed to be on disk", async () => {
  await inFolder(async (folder, path) => {
    const journal = await FileJournal.open(folder, "b");
    const { syncData } = journal.file;
    journal.file.syncData = () => Promise.reject(new Error("Input/output error"));
    await assert.rejects(journal.append([record(0)]), /Input\/output/);
    journal.file.syncData = syncData;
    assert.equal(await journal.repair(), true);
    assert.deepEqual(readJournal(await Deno.readFile(path)).records, [record(0)]);
    await journal.close();
  });
});
