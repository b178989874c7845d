/** A frame as an Arrow IPC file (Feather version 2): `pandas.read_feather`, polars, DuckDB. */
import {
  Float64,
  makeData,
  Table,
  tableToIPC,
  TimestampMicrosecond,
  Utf8,
  Vector,
  vectorFromArray,
} from "apache-arrow";
import type { Frame, FrameColumn } from "./frame.ts";

/** Times are timestamp[us, UTC], numbers float64, texts utf8; what is not known is null. */
export function frameArrow({ columns }: Frame): Uint8Array {
  const vectors = Object.fromEntries(columns.map((column) => [column.name, vectorOf(column)]));
  return tableToIPC(new Table(vectors), "file");
}

function vectorOf(column: FrameColumn): Vector {
  switch (column.type) {
    case "time":
      return timesOf(column.values);
    case "number":
      return vectorFromArray(column.values, new Float64());
    case "text":
      return vectorFromArray(column.values, new Utf8());
    default:
      return column satisfies never;
  }
}

/** Made by hand: the library's own way goes through milliseconds, and loses what is less. */
function timesOf(values: readonly (number | null)[]): Vector {
  const { length } = values;
  const data = new BigInt64Array(length);
  const nullBitmap = new Uint8Array(Math.ceil(length / 8));
  let nullCount = 0;
  for (const [i, us] of values.entries()) {
    if (us === null) nullCount++;
    else {
      data[i] = BigInt(us);
      nullBitmap[i >> 3] |= 1 << (i & 7);
    }
  }
  const type = new TimestampMicrosecond("UTC");
  return new Vector([makeData({ type, length, nullCount, nullBitmap, data })]);
}
