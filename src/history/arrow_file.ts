/**
 * Arrow IPC files (Feather version 2): columns of float64 and one of times, uncompressed.
 * Invariant: what was written comes back to the last bit. Only what Liu writes is read: one schema
 * of times and float64 without nulls; anything else is refused, never guessed.
 * @see https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format
 */
import { Builder, ByteBuffer } from "flatbuffers";
import { assert } from "../util/assert.ts";

export interface ArrowColumn {
  name: string;
  /** "time": microseconds since the epoch, whole; timestamp[us, UTC] in the file. */
  type: "time" | "float64";
  values: Float64Array;
}

export interface ArrowFile {
  columns: ArrowColumn[];
  /** Key-value pairs of the schema. */
  metadata: Record<string, string>;
}

// From Arrow's Schema.fbs, Message.fbs and File.fbs.
const VERSION_5 = 4;
const TYPE_FLOATING_POINT = 3;
const TYPE_TIMESTAMP = 10;
const PRECISION_DOUBLE = 2;
const UNIT_MICROSECOND = 2;
const HEADER_SCHEMA = 1;
const HEADER_RECORD_BATCH = 3;
const BLOCK_BYTES = 24;
const MAGIC = new TextEncoder().encode("ARROW1");
/** Buffers begin at multiples of it, as Arrow recommends. */
const ALIGNMENT = 64;
const CONTINUATION = 0xffffffff;
const TWO_32 = 2 ** 32;

/** The bytes of a file with one record batch. All columns have the same length. */
export function encodeArrow({ columns, metadata }: ArrowFile): Uint8Array<ArrayBuffer> {
  const rows = columns[0]?.values.length ?? 0;
  const columnBytes = aligned(rows * 8);
  const bodyBytes = columnBytes * columns.length;
  const schema = schemaMessage(columns, metadata);
  const batch = batchMessage(columns.length, rows, columnBytes, bodyBytes);
  const schemaAt = 8;
  const batchAt = messageEnd(schemaAt, schema);
  const bodyAt = messageEnd(batchAt, batch);
  const endAt = bodyAt + bodyBytes;
  const footer = footerOf(columns, metadata, {
    offset: batchAt,
    metadataBytes: bodyAt - batchAt,
    bodyBytes,
  });
  const footerAt = endAt + 8;
  const bytes = new Uint8Array(footerAt + footer.length + 4 + MAGIC.length);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC, 0);
  putMessage(bytes, view, schemaAt, batchAt, schema);
  putMessage(bytes, view, batchAt, bodyAt, batch);
  columns.forEach(({ type, values }, i) => {
    assert(values.length === rows, "columns of one file have one length");
    const at = bodyAt + i * columnBytes;
    if (type === "time") putTimes(bytes.buffer, at, values);
    else new Float64Array(bytes.buffer, at, rows).set(values);
  });
  view.setUint32(endAt, CONTINUATION, true);
  view.setUint32(endAt + 4, 0, true);
  bytes.set(footer, footerAt);
  view.setInt32(footerAt + footer.length, footer.length, true);
  bytes.set(MAGIC, footerAt + footer.length + 4);
  return bytes;
}

/**
 * Reads a file that encodeArrow wrote; columns of float64 show the memory of `bytes`. Throws
 * RangeError where it is damaged or another's.
 */
export function decodeArrow(bytes: Uint8Array<ArrayBuffer>): ArrowFile {
  const footer = new Table(new ByteBuffer(bytes), footerStart(bytes));
  const schema = footer.table(1) ?? refuse("it has no schema");
  const types = schema.tables(1).map(columnOf);
  const blocks = footer.structs(3, BLOCK_BYTES);
  if (blocks.length !== 1) refuse(`it has ${blocks.length} record batches, not one`);
  const block = new DataView(bytes.buffer, bytes.byteOffset + blocks[0]!, BLOCK_BYTES);
  const offset = Number(block.getBigInt64(0, true));
  const bodyAt = offset + block.getInt32(8, true);
  if (offset < 0 || bodyAt + Number(block.getBigInt64(16, true)) > bytes.length) {
    refuse("it is cut short");
  }
  const batch = batchIn(bytes, offset);
  const rows = batch.long(0);
  if (batch.table(3) !== null) refuse("it is compressed");
  const buffers = batch.structs(2, 16);
  if (buffers.length !== types.length * 2) refuse("its columns are not those of its schema");
  const columns = types.map(({ name, type }, i) => {
    const at = bodyAt + longAt(bytes, buffers[i * 2 + 1]!);
    if (at + rows * 8 > bytes.length) refuse("it is cut short");
    const start = bytes.byteOffset + at;
    const values = type === "time"
      ? takeTimes(bytes.buffer, start, rows)
      : new Float64Array(bytes.buffer, start, rows);
    return { name, type, values };
  });
  return { columns, metadata: metadataOf(schema) };
}

function refuse(why: string): never {
  throw new RangeError(why);
}

/** An int64 in two halves: BigInt costs ten times as much. */
function putTimes(buffer: ArrayBuffer, at: number, values: Float64Array): void {
  const halves = new Int32Array(buffer, at, values.length * 2);
  for (let i = 0; i < values.length; i++) {
    const us = values[i]!;
    assert(Number.isSafeInteger(us), `a time is whole microseconds, not ${us}`);
    const high = Math.floor(us / TWO_32);
    halves[i * 2] = us - high * TWO_32;
    halves[i * 2 + 1] = high;
  }
}

function takeTimes(buffer: ArrayBuffer, at: number, rows: number): Float64Array {
  const low = new Uint32Array(buffer, at, rows * 2);
  const high = new Int32Array(buffer, at, rows * 2);
  const values = new Float64Array(rows);
  for (let i = 0; i < rows; i++) values[i] = high[i * 2 + 1]! * TWO_32 + low[i * 2]!;
  return values;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** Where what follows a message begins: eight bytes stand before it, padding after it. */
function messageEnd(at: number, message: Uint8Array): number {
  return aligned(at + 8 + message.length);
}

function putMessage(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  endAt: number,
  message: Uint8Array,
): void {
  view.setUint32(at, CONTINUATION, true);
  view.setInt32(at + 4, endAt - at - 8, true);
  bytes.set(message, at + 8);
}

function schemaMessage(columns: ArrowColumn[], metadata: Record<string, string>): Uint8Array {
  const builder = new Builder(1024);
  const schema = addSchema(builder, columns, metadata);
  return finishMessage(builder, HEADER_SCHEMA, schema, 0);
}

function batchMessage(
  columns: number,
  rows: number,
  columnBytes: number,
  bodyBytes: number,
): Uint8Array {
  const builder = new Builder(1024);
  // Structs are written back to front. Each column: an empty validity buffer, and its values.
  builder.startVector(16, columns * 2, 8);
  for (let i = columns - 1; i >= 0; i--) {
    putLongs(builder, i * columnBytes, rows * 8);
    putLongs(builder, i * columnBytes, 0);
  }
  const buffers = builder.endVector();
  builder.startVector(16, columns, 8);
  for (let i = 0; i < columns; i++) putLongs(builder, rows, 0);
  const nodes = builder.endVector();
  builder.startObject(5);
  builder.addFieldInt64(0, BigInt(rows), 0n);
  builder.addFieldOffset(1, nodes, 0);
  builder.addFieldOffset(2, buffers, 0);
  return finishMessage(builder, HEADER_RECORD_BATCH, builder.endObject(), bodyBytes);
}

function putLongs(builder: Builder, first: number, second: number): void {
  builder.prep(8, 16);
  builder.writeInt64(BigInt(second));
  builder.writeInt64(BigInt(first));
}

function finishMessage(
  builder: Builder,
  headerType: number,
  header: number,
  bodyBytes: number,
): Uint8Array {
  builder.startObject(5);
  builder.addFieldInt16(0, VERSION_5, 0);
  builder.addFieldInt8(1, headerType, 0);
  builder.addFieldOffset(2, header, 0);
  builder.addFieldInt64(3, BigInt(bodyBytes), 0n);
  builder.finish(builder.endObject());
  return builder.asUint8Array();
}

function footerOf(
  columns: ArrowColumn[],
  metadata: Record<string, string>,
  block: { offset: number; metadataBytes: number; bodyBytes: number },
): Uint8Array {
  const builder = new Builder(1024);
  const schema = addSchema(builder, columns, metadata);
  builder.startVector(BLOCK_BYTES, 1, 8);
  builder.prep(8, BLOCK_BYTES);
  builder.writeInt64(BigInt(block.bodyBytes));
  builder.pad(4);
  builder.writeInt32(block.metadataBytes);
  builder.writeInt64(BigInt(block.offset));
  const blocks = builder.endVector();
  builder.startVector(BLOCK_BYTES, 0, 8);
  const dictionaries = builder.endVector();
  builder.startObject(5);
  builder.addFieldInt16(0, VERSION_5, 0);
  builder.addFieldOffset(1, schema, 0);
  builder.addFieldOffset(2, dictionaries, 0);
  builder.addFieldOffset(3, blocks, 0);
  builder.finish(builder.endObject());
  return builder.asUint8Array();
}

function addSchema(
  builder: Builder,
  columns: ArrowColumn[],
  metadata: Record<string, string>,
): number {
  const fields = addOffsets(builder, columns.map((column) => addField(builder, column)));
  const pairs = Object.entries(metadata).map(([key, value]) => {
    const [keyAt, valueAt] = [builder.createString(key), builder.createString(value)];
    builder.startObject(2);
    builder.addFieldOffset(0, keyAt, 0);
    builder.addFieldOffset(1, valueAt, 0);
    return builder.endObject();
  });
  const pairsAt = addOffsets(builder, pairs);
  builder.startObject(4);
  builder.addFieldOffset(1, fields, 0);
  builder.addFieldOffset(2, pairsAt, 0);
  return builder.endObject();
}

function addField(builder: Builder, { name, type }: ArrowColumn): number {
  const nameAt = builder.createString(name);
  const zone = type === "time" ? builder.createString("UTC") : 0;
  builder.startObject(2);
  builder.addFieldInt16(0, type === "time" ? UNIT_MICROSECOND : PRECISION_DOUBLE, 0);
  if (type === "time") builder.addFieldOffset(1, zone, 0);
  const typeAt = builder.endObject();
  const children = addOffsets(builder, []);
  builder.startObject(7);
  builder.addFieldOffset(0, nameAt, 0);
  builder.addFieldInt8(2, type === "time" ? TYPE_TIMESTAMP : TYPE_FLOATING_POINT, 0);
  builder.addFieldOffset(3, typeAt, 0);
  builder.addFieldOffset(5, children, 0);
  return builder.endObject();
}

function addOffsets(builder: Builder, offsets: number[]): number {
  builder.startVector(4, offsets.length, 4);
  for (const offset of offsets.toReversed()) builder.addOffset(offset);
  return builder.endVector();
}

function footerStart(bytes: Uint8Array): number {
  const tail = bytes.length - MAGIC.length;
  const isArrow = tail >= 16 && MAGIC.every((byte, i) => bytes[i] === byte) &&
    MAGIC.every((byte, i) => bytes[tail + i] === byte);
  if (!isArrow) refuse("it is not a whole Arrow file");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const start = tail - 4 - view.getInt32(tail - 4, true);
  if (start < 8 || start >= tail - 4) refuse("its footer is damaged");
  return start + view.getInt32(start, true);
}

function batchIn(bytes: Uint8Array, offset: number): Table {
  const buffer = new ByteBuffer(bytes);
  const message = new Table(buffer, offset + 8 + buffer.readInt32(offset + 8));
  const batch = message.table(2);
  if (message.byte(1) !== HEADER_RECORD_BATCH || batch === null) return refuse("it has no rows");
  return batch;
}

function columnOf(field: Table): { name: string; type: ArrowColumn["type"] } {
  const name = field.text(0);
  const type = field.table(3) ?? refuse(`column ${name} has no type`);
  switch (field.byte(2)) {
    case TYPE_TIMESTAMP:
      if (type.short(0) === UNIT_MICROSECOND) return { name, type: "time" };
      break;
    case TYPE_FLOATING_POINT:
      if (type.short(0) === PRECISION_DOUBLE) return { name, type: "float64" };
  }
  return refuse(`column ${name} is neither float64 nor timestamp[us]`);
}

function metadataOf(schema: Table): Record<string, string> {
  return Object.fromEntries(schema.tables(2).map((pair) => [pair.text(0), pair.text(1)]));
}

function longAt(bytes: Uint8Array, at: number): number {
  return Number(new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(at, true));
}

/** A flatbuffers table: its fields by their number in the .fbs file. */
class Table {
  constructor(private readonly buffer: ByteBuffer, private readonly at: number) {
    if (at < 0 || at + 4 > buffer.capacity()) refuse("its metadata is damaged");
  }

  byte(field: number): number {
    const at = this.#find(field);
    return at === 0 ? 0 : this.buffer.readUint8(at);
  }

  short(field: number): number {
    const at = this.#find(field);
    return at === 0 ? 0 : this.buffer.readInt16(at);
  }

  long(field: number): number {
    const at = this.#find(field);
    return at === 0 ? 0 : Number(this.buffer.readInt64(at));
  }

  text(field: number): string {
    const at = this.#find(field);
    return at === 0 ? "" : this.buffer.__string(at) as string;
  }

  table(field: number): Table | null {
    const at = this.#find(field);
    return at === 0 ? null : new Table(this.buffer, this.buffer.__indirect(at));
  }

  tables(field: number): Table[] {
    return this.structs(field, 4).map((at) => new Table(this.buffer, this.buffer.__indirect(at)));
  }

  /** Where each struct of a vector begins. */
  structs(field: number, bytes: number): number[] {
    const at = this.#find(field);
    if (at === 0) return [];
    const start = this.buffer.__vector(at);
    const length = this.buffer.__vector_len(at);
    if (start + length * bytes > this.buffer.capacity()) refuse("its metadata is damaged");
    return Array.from({ length }, (_, i) => start + i * bytes);
  }

  #find(field: number): number {
    const offset = this.buffer.__offset(this.at, 4 + field * 2);
    return offset === 0 ? 0 : this.at + offset;
  }
}
