/**
 * Journals with cut and flipped bytes. Whatever was done to a segment: the records that are read are
 * the first of those that were written, unchanged, and a segment that lacks some in the middle is
 * said to be damaged, never whole.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readJournal } from "../../../src/engine/gateway/file_journal.ts";
import { bytesOf, type Outcome, type Target } from "../target.ts";

const REQUEST = {
  clientOrderId: "liu-batch-1-1",
  symbol: "BRK.B",
  side: "buy",
  qty: "10",
  notional: null,
  type: "limit",
  timeInForce: "day",
  limitPrice: "300.01",
  triggerPrice: null,
  trailPrice: null,
  trailPercent: null,
  extendedHours: false,
  takeProfit: { limitPrice: "310" },
  stopLoss: { triggerPrice: "295.5", limitPrice: null },
};
const EXECUTION = {
  brokerOrderId: "b-1",
  clientOrderId: "liu-batch-1-1",
  symbol: "BRK.B",
  side: "buy",
  qty: "0.0001",
  price: "700000",
  cumulativeQty: "0.0001",
  executionId: "x-1",
  timeUs: 1641220260000000,
  fee: "0",
};
const RECORDS: Record<string, unknown>[] = [
  {
    type: "order",
    sequence: 1,
    runId: 1,
    kind: "entry",
    intent: null,
    request: REQUEST,
    timeUs: 1,
  },
  { type: "accepted", clientOrderId: "liu-batch-1-1", brokerOrderId: "b-1", legs: ["b-2", "b-3"] },
  { type: "execution", runId: 1, execution: EXECUTION },
  { type: "final", brokerOrderId: "b-1", clientOrderId: "liu-batch-1-1", status: "filled" },
  { type: "refused", clientOrderId: "liu-batch-1-2", code: "40310000", message: 'é\n"\\' },
];

/** The format, written down a second time: a line is its checksum, its number, its record. */
function segment(records: readonly unknown[]): string {
  return records.map((record, i) => {
    const body = `${i} ${JSON.stringify(record)}`;
    return `${createHash("sha256").update(body).digest("hex").slice(0, 16)} ${body}\n`;
  }).join("");
}

const SEEDS = [RECORDS, [...RECORDS, ...RECORDS], RECORDS.slice(0, 1), []];
const WRITTEN = JSON.stringify([...RECORDS, ...RECORDS].map(plain));

function plain(record: unknown): string {
  return JSON.stringify(record);
}

const written = JSON.parse(WRITTEN) as string[];

function run(input: Uint8Array): Outcome {
  const { state, records, wholeBytes, badLine } = readJournal(input);
  assert.ok(wholeBytes <= input.length);
  // Decimals are written as they were read.
  for (const [i, record] of records.entries()) assert.equal(plain(record), written[i]);
  if (state === "whole") {
    assert.equal(wholeBytes, input.length);
    return "taken";
  }
  assert.equal(badLine, records.length + 1);
  const rest = input.subarray(wholeBytes);
  const newline = rest.indexOf(10);
  const isLast = newline < 0 || newline === rest.length - 1;
  assert.equal(state, isLast ? "torn" : "damaged");
  return "refused";
}

export const target: Target = {
  name: "journal",
  seeds: SEEDS.map((records) => bytesOf(segment(records))),
  words: ["\n", " ", "0 ", "1 ", '{"type":"final"', '"sequence":2', "0000000000000000 "],
  run,
};
