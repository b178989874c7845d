/**
 * Lines on disk of which each tells whether it is whole, and in its place: checksum, number from 0,
 * and a record as JSON.
 */
import { createHash } from "node:crypto";

export interface CheckedText<T> {
  state: "whole" | "torn" | "damaged";
  /** Up to the first line that cannot be read. */
  records: T[];
  /** What can be read after it: of a torn text nothing. */
  later: T[];
  /** Where the first line that cannot be read begins, bytes. */
  wholeBytes: number;
  /** Its number, from 1. */
  badLine: number;
}

type Revive = (key: string, value: unknown) => unknown;

const CHECKSUM_LENGTH = 16;

/** With its newline. `json`: without one. */
export function checkedLine(number: number, json: string): string {
  const body = `${number} ${json}`;
  return `${checksum(body)} ${body}\n`;
}

/** Only the last line can be torn by a crash; a bad one with others after it is damage. */
export function readCheckedLines<T>(bytes: Uint8Array, revive?: Revive): CheckedText<T> {
  const records: T[] = [];
  let start = 0;
  while (start < bytes.length) {
    const newline = bytes.indexOf(10, start);
    const line = newline < 0 ? null : bytes.subarray(start, newline);
    const record = line === null ? null : readLine<T>(line, records.length, revive);
    if (record === null) {
      const isLast = newline < 0 || newline === bytes.length - 1;
      const state = isLast ? "torn" : "damaged";
      const later = isLast ? [] : readLater<T>(bytes.subarray(newline + 1), revive);
      return { state, records, later, wholeBytes: start, badLine: records.length + 1 };
    }
    records.push(record);
    start = newline + 1;
  }
  return { state: "whole", records, later: [], wholeBytes: start, badLine: 0 };
}

/** The whole lines after a damaged one, whatever their numbers. */
function readLater<T>(bytes: Uint8Array, revive?: Revive): T[] {
  const records: T[] = [];
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf(10, start);
    if (newline < 0) break;
    const record = readLine<T>(bytes.subarray(start, newline), null, revive);
    if (record !== null) records.push(record);
    start = newline + 1;
  }
  return records;
}

/** `number` null: any. */
function readLine<T>(bytes: Uint8Array, number: number | null, revive?: Revive): T | null {
  const line = new TextDecoder().decode(bytes);
  const body = line.slice(CHECKSUM_LENGTH + 1);
  if (line.slice(0, CHECKSUM_LENGTH + 1) !== `${checksum(body)} `) return null;
  const prefix = number === null ? body.slice(0, body.indexOf(" ") + 1) : `${number} `;
  // The number tells of lines that are gone or came twice.
  return body.startsWith(prefix) ? JSON.parse(body.slice(prefix.length), revive) : null;
}

function checksum(body: string): string {
  return createHash("sha256").update(body).digest("hex").slice(0, CHECKSUM_LENGTH);
}
