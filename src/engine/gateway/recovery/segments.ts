/**
 * The journal's folder: one segment a batch. Invariants: of an account only the newest segment
 * counts, as each begins with what was open in the one before; a segment is there whole or not at
 * all; one that is damaged is kept beside.
 */
import { basename, join } from "node:path";
import {
  FileJournal,
  JournalDamaged,
  readJournal,
  segmentPath,
  statesPath,
} from "../file_journal.ts";
import type { JournalRecord, SessionRecord } from "../journal.ts";
import { knownRecords, openRecords } from "./open_records.ts";

const EXTENSION = ".journal";
/** How far the exchange's clock may have been ahead of what it says now. */
const CLOCK_US_MAX = 60e6;
/** Records of orders may be among those that are lost: so many numbers are passed over. */
const LOST_ORDERS_MAX = 10_000;

/** What a session is, as its segment is headed with. */
export type SessionHead = Omit<SessionRecord, "type" | "version" | "sequence" | "refBatchId">;

export interface OpenedSegment {
  journal: FileJournal;
  /** The head's, or that of the batch which is carried on. */
  batchId: string;
  /** The batch that its records began with; null: nothing was open before. */
  fromBatchId: string | null;
  /** The account's cash when the batch began; null: not known. */
  cashAtStart: string | null;
  /** Records were lost: one sentence. */
  damage: string | null;
  /** Of a segment that is not carried on: its executions may not all be in the database. */
  left: readonly JournalRecord[];
  /** Lines for the log. */
  told: string[];
}

interface Segment {
  path: string;
  batchId: string;
  records: readonly JournalRecord[];
  newest: SessionRecord;
  modifiedMs: number;
  damagedLine: number | null;
}

/**
 * Opens the segment to write to: that of a batch of this account and plan which was cut short and
 * whose session goes on, or a new one, which begins with what the account's last one left open.
 * `isNewBatch`: with nothing. Only one trader an account may do so at a time.
 */
export async function openSegment(
  folder: string,
  head: SessionHead,
  isNewBatch: boolean,
): Promise<OpenedSegment> {
  const told: string[] = [];
  const cashAtStart = head.cash ?? null;
  const last = isNewBatch ? null : await newestSegment(folder, head, told);
  if (last === null) {
    await FileJournal.write(folder, head.batchId, [record(head, null)]);
    const journal = await FileJournal.open(folder, head.batchId);
    const { batchId } = head;
    return { journal, batchId, fromBatchId: null, cashAtStart, damage: null, left: [], told };
  }
  const { batchId: fromBatchId } = last;
  const damage = last.damagedLine === null ? null : await setAside(folder, last, told);
  if (goesOn(last, head)) {
    const batchId = fromBatchId;
    const journal = await FileJournal.open(folder, batchId);
    if (journal.wasTorn) told.push(`The last record of ${last.path} was torn: it is cut off`);
    const { refBatchId, cash } = last.newest;
    await journal.begin(record({ ...head, batchId, cash }, refBatchId, sequenceAfter(last)));
    return { journal, batchId, fromBatchId, cashAtStart: cash ?? null, damage, left: [], told };
  }
  const open = openRecords(last.records);
  const ref = open.length > 0 ? fromBatchId : null;
  // What the day's losses are measured from is the day's, not the batch's.
  const day = last.records.filter(({ type }) => type === "day").slice(-1);
  if (ref !== null) await copyStates(folder, ref, head.batchId, told);
  const known = knownRecords(last.records, open);
  await FileJournal.write(folder, head.batchId, [record(head, ref), ...day, ...known, ...open]);
  const journal = await FileJournal.open(folder, head.batchId);
  const { batchId } = head;
  const left = last.records;
  return { journal, batchId, fromBatchId: ref, cashAtStart, damage, left, told };
}

/**
 * Moves the account's other segments to the folder `archive`, with what strategies kept: what they
 * say is in the database, and what was open in them is in the newest.
 */
export async function archiveSegments(
  folder: string,
  { accountId, host }: Pick<SessionHead, "accountId" | "host">,
  keptBatchId: string,
): Promise<void> {
  const archive = join(folder, "archive");
  for (const path of await segmentPaths(folder)) {
    if (path === segmentPath(folder, keptBatchId)) continue;
    const { records, later } = readJournal(await Deno.readFile(path));
    const session = [...records, ...later].find((one) => one.type === "session");
    if (session?.accountId !== accountId || session.host !== host) continue;
    await Deno.mkdir(archive, { recursive: true });
    await Deno.rename(path, join(archive, basename(path)));
    const states = statesPath(folder, session.batchId);
    await Deno.rename(states, join(archive, basename(states))).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}

/**
 * What strategies kept of what is open goes with it: there before the segment is, as from then on
 * nobody looks at the one before.
 */
async function copyStates(folder: string, from: string, to: string, told: string[]): Promise<void> {
  const draft = `${statesPath(folder, to)}.new`;
  try {
    await Deno.copyFile(statesPath(folder, from), draft);
    await Deno.rename(draft, statesPath(folder, to));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    told.push(`What strategies kept in batch ${from} cannot be taken over: ${error}`);
  }
}

function record(head: SessionHead, refBatchId: string | null, sequence = 1): SessionRecord {
  return { type: "session", version: 1, ...head, sequence, refBatchId };
}

/** Above all numbers that are known to be given, and those that may be among what is lost. */
function sequenceAfter({ records, damagedLine }: Segment): number {
  const given = records.map((one) =>
    one.type === "order" ? one.sequence + 1 : one.type === "session" ? one.sequence : 1
  );
  const next = given.reduce((most, number) => Math.max(most, number), 1);
  return damagedLine === null ? next : next + LOST_ORDERS_MAX;
}

/** Its session is not over, it has not ended in order, and the plan is the same. */
function goesOn({ records, newest }: Segment, head: SessionHead): boolean {
  const hasEnded = records.at(-1)?.type === "end";
  const isOver = newest.endsUs !== null && head.timeUs >= newest.endsUs;
  return !hasEnded && !isOver && newest.planDigest === head.planDigest;
}

async function newestSegment(
  folder: string,
  { accountId, host, timeUs }: SessionHead,
  told: string[],
): Promise<Segment | null> {
  let found: Segment | null = null;
  for (const path of await segmentPaths(folder)) {
    const { state, records, later, badLine } = readJournal(await Deno.readFile(path));
    const all = [...records, ...later];
    const newest = all.findLast((one) => one.type === "session");
    if (newest === undefined) {
      if (all.length > 0 || state === "damaged") told.push(`${path} does not say whose it is`);
      continue;
    }
    if (newest.accountId !== accountId || newest.host !== host) continue;
    if (newest.version !== 1) {
      told.push(`${path} was written by another version of Liu: it is left alone`);
      continue;
    }
    if (newest.timeUs > timeUs + CLOCK_US_MAX) {
      told.push(`${path} is of a later time than the exchange's: another exchange's, left alone`);
      continue;
    }
    const modifiedMs = (await Deno.stat(path)).mtime?.getTime() ?? 0;
    const damagedLine = state === "damaged" ? badLine : null;
    const { batchId } = newest;
    const segment = { path, batchId, records: all, newest, modifiedMs, damagedLine };
    if (found === null || isNewer(segment, found)) found = segment;
  }
  return found;
}

function isNewer(a: Segment, b: Segment): boolean {
  const [x, y] = [a.newest.timeUs, b.newest.timeUs];
  return x === y ? a.modifiedMs > b.modifiedMs : x > y;
}

/** A damaged segment is kept beside under another name; what can be read of it goes on. */
async function setAside(folder: string, segment: Segment, told: string[]): Promise<string> {
  const { path, batchId, records, damagedLine } = segment;
  const kept = await freeName(path);
  await Deno.copyFile(path, kept);
  // With the first number that is free: nothing else says any more that records were lost.
  const next = { ...segment.newest, sequence: sequenceAfter(segment) };
  await FileJournal.write(folder, batchId, [next, ...records]);
  told.push(new JournalDamaged(path, damagedLine!, records).message);
  return `the journal ${path} was damaged in line ${damagedLine}: ${records.length} records could ` +
    `be read, others are lost. It is kept as ${kept}. The broker is compared with what is left`;
}

async function freeName(path: string): Promise<string> {
  for (let i = 1;; i++) {
    const name = `${path}.damaged-${i}`;
    try {
      await Deno.stat(name);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return name;
      throw error;
    }
  }
}

async function segmentPaths(folder: string): Promise<string[]> {
  await Deno.mkdir(folder, { recursive: true });
  const paths: string[] = [];
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (isFile && name.endsWith(EXTENSION)) paths.push(join(folder, name));
  }
  return paths.sort();
}
