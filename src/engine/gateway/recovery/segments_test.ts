/** A journal's folder, whatever moment the trader that opens it dies at. */
import assert from "node:assert/strict";
import { FileJournal, readJournal, segmentPath } from "../file_journal.ts";
import type { JournalRecord, SessionRecord } from "../journal.ts";
import { openSegment, type SessionHead } from "./segments.ts";

const HEAD: SessionHead = {
  batchId: "batch",
  accountId: "account",
  host: "host",
  planDigest: "plan",
  dates: {},
  endsUs: null,
  timeUs: 1e6,
};
const SESSION: SessionRecord = {
  type: "session",
  version: 1,
  ...HEAD,
  sequence: 1,
  refBatchId: null,
};
const external = (symbol: string): JournalRecord => ({ type: "external", symbol, qty: "1" });

Deno.test("numbers that may be among lost records are passed over, though it dies while it sets them aside", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const records = [SESSION, external("A"), external("B"), external("C")];
    await FileJournal.write(folder, "batch", records);
    const path = segmentPath(folder, "batch");
    await Deno.writeTextFile(path, (await Deno.readTextFile(path)).replace('"B"', '"X"'));
    const { journal, damage } = await openSegment(folder, HEAD, false);
    assert.match(damage ?? "", /was damaged in line 3/);
    await journal.close();
    // It died before it wrote that it had begun.
    const lines = (await Deno.readTextFile(path)).trimEnd().split("\n");
    await Deno.writeTextFile(path, lines.slice(0, -1).map((line) => `${line}\n`).join(""));
    const left = readJournal(await Deno.readFile(path));
    assert.equal(left.state, "whole");
    const next = await openSegment(folder, HEAD, false);
    await next.journal.close();
    const begun = next.journal.restored.at(-1);
    assert.ok(begun?.type === "session" && begun.sequence > 10_000, JSON.stringify(begun));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a batch that is carried on knows the account's cash of its first start, a new one its own", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const began = async (head: SessionHead, isInOrder: boolean) => {
      const { journal, batchId, cashAtStart } = await openSegment(folder, head, false);
      if (isInOrder) journal.note({ type: "end", timeUs: head.timeUs });
      await journal.close();
      return { batchId, cashAtStart };
    };
    const first = { batchId: "batch", cashAtStart: "1000" };
    assert.deepEqual(await began({ ...HEAD, cash: "1000" }, false), first);
    for (const cash of ["700", "650"]) {
      const head = { ...HEAD, batchId: "another", timeUs: HEAD.timeUs + 1, cash };
      assert.deepEqual(await began(head, cash === "650"), first);
    }
    const next = { ...HEAD, batchId: "next", timeUs: HEAD.timeUs + 2, cash: "640" };
    assert.deepEqual(await began(next, false), { batchId: "next", cashAtStart: "640" });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
