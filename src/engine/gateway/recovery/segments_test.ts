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
