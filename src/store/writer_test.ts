import assert from "node:assert/strict";
import type { StoreRecord } from "../contracts/store.ts";
import { RetryableError } from "../util/errors.ts";
import { BadRecord, isBadRecord } from "./database_error.ts";
import { Spool } from "./spool.ts";
import { MemoryLog, tradeRecords } from "./test_databases.ts";
import { Writer } from "./writer.ts";

/** A database that does what the test says. */
class FakeDatabase {
  readonly stored: string[] = [];
  readonly sleepsMs: number[] = [];
  readonly log = new MemoryLog();
  transactions = 0;
  away = false;
  refuses = (_key: string) => false;

  static async with(body: (db: FakeDatabase, open: () => Writer, folder: string) => Promise<void>) {
    const folder = await Deno.makeTempDir({ prefix: "liu-writer-" });
    const db = new FakeDatabase();
    try {
      await body(db, () => db.#open(folder), folder);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }

  #open(folder: string): Writer {
    return new Writer({
      spool: new Spool(folder),
      apply: (records) => this.#apply(records),
      isBadRecord,
      toError: () => new RetryableError("The database is away."),
      log: this.log,
      sleep: (ms, signal) => this.#sleep(ms, signal),
    });
  }

  // Rejects before it stores anything: a transaction.
  #apply(records: StoreRecord[]): Promise<void> {
    if (this.away) return Promise.reject(new Error("away"));
    const keys = records.map((record) => JSON.stringify(record.row).slice(0, 400));
    if (keys.some(this.refuses)) return Promise.reject(new BadRecord("refused"));
    this.transactions++;
    this.stored.push(...keys);
    return Promise.resolve();
  }

  // Waits for the wake-up only: time doesn't pass in these tests.
  #sleep(ms: number, signal: AbortSignal): Promise<void> {
    this.sleepsMs.push(ms);
    return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
  }
}

function keys(from: number, to: number): string[] {
  return tradeRecords(1, from, to).map(({ row }) => JSON.stringify(row).slice(0, 400));
}

Deno.test("what is written in one turn goes in one transaction", () =>
  FakeDatabase.with(async (db, open) => {
    const writer = open();
    for (let i = 0; i < 100; i++) writer.write(tradeRecords(1, i, i + 1));
    await writer.flush();
    assert.deepEqual(db.stored, keys(0, 100));
    assert.ok(db.transactions <= 2, `${db.transactions} transactions`);
    await writer.close();
  }));

Deno.test("while the database is away flush rejects, the pauses grow, the order stays", () =>
  FakeDatabase.with(async (db, open) => {
    const writer = open();
    db.away = true;
    for (let i = 0; i < 8; i++) {
      writer.write(tradeRecords(1, i, i + 1));
      await assert.rejects(writer.flush(), RetryableError);
    }
    assert.deepEqual(
      db.sleepsMs.filter((ms) => ms !== 2_000),
      [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000].slice(0, db.sleepsMs.length),
    );
    db.away = false;
    writer.write(tradeRecords(1, 8, 9));
    await writer.flush();
    assert.deepEqual(db.stored, keys(0, 9));
    assert.equal(db.log.lines.filter((line) => line.startsWith("warn")).length, 1);
    assert.ok(db.log.lines.includes("info The database is back; the spool is being stored"));
    await writer.close();
  }));

Deno.test("what is not stored when it is closed is stored by the next", () =>
  FakeDatabase.with(async (db, open) => {
    const first = open();
    db.away = true;
    first.write(tradeRecords(1, 0, 5));
    await first.close();
    assert.deepEqual(db.stored, []);
    assert.match(db.log.lines.join("\n"), /Records wait in .*stored when liu starts next/);
    db.away = false;
    const second = open();
    await second.flush();
    assert.deepEqual(db.stored, keys(0, 5));
    await second.close();
  }));

Deno.test("closing stores what was written just before", () =>
  FakeDatabase.with(async (db, open, folder) => {
    const writer = open();
    writer.write(tradeRecords(1, 0, 3));
    await writer.close();
    assert.deepEqual(db.stored, keys(0, 3));
    assert.deepEqual([...Deno.readDirSync(folder)], []);
    assert.throws(() => writer.write(tradeRecords(1, 3, 4)), /closed/);
    await assert.rejects(writer.flush(), /closed/);
  }));

Deno.test("a refused record is kept in a file, and told once by flush", () =>
  FakeDatabase.with(async (db, open, folder) => {
    const writer = open();
    db.refuses = (key) => key.includes('"order-1-1"');
    writer.write(tradeRecords(1, 0, 3));
    await assert.rejects(writer.flush(), /did not take 1 of the records \(refused\)/);
    await writer.flush();
    assert.deepEqual(db.stored, [...keys(0, 1), ...keys(2, 3)]);
    assert.match(Deno.readTextFileSync(`${folder}/rejected.jsonl`), /order-1-1/);
    await writer.close();
  }));
