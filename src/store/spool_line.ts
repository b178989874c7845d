/** A line with its checksum: what a torn or damaged one is known by. */
import { crc32 } from "node:zlib";

const CHECKSUM_DIGITS = 8;

/** `text` must not hold a line end; JSON doesn't. */
export function encodeLine(text: string): string {
  return `${checksum(text)} ${text}\n`;
}

/** The text of a line without its end, or null where it is damaged. */
export function decodeLine(line: string): string | null {
  const text = line.slice(CHECKSUM_DIGITS + 1);
  return line[CHECKSUM_DIGITS] === " " && line.slice(0, CHECKSUM_DIGITS) === checksum(text)
    ? text
    : null;
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(CHECKSUM_DIGITS, "0");
}
