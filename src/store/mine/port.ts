/**
 * The miner's database over a MessagePort: `MineAccess` is in the store's worker, this client in the
 * miner's. What the scope is was said to the store by main, and is not on this port.
 */
import type { Json } from "../../contracts/store.ts";
import { OperationError } from "../../util/errors.ts";
import { fromPortError, type PortError, toPortError } from "../store_port.ts";
import { columnText, lastByKey, storable } from "../tables/rows.ts";
import type { MineAccess, MineStore, MineWrite } from "./access.ts";
import { type ColumnShape, keyFor, type TableShape } from "./table_shape.ts";

type Call = { [M in keyof MineStore]: { method: M; args: Parameters<MineStore[M]> } }[
  keyof MineStore
];
export type MineRequest = Call & { id: number };
export type MineReply = { id: number; value: unknown } | { id: number; error: PortError };

/** Of one statement. */
const ROWS_MAX = 100_000;

/** What a miner's worker has of the database. */
export class MineClient {
  readonly #post: (request: MineRequest) => void;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #shapes = new Map<string, TableShape>();
  readonly #written: Record<string, number> = {};
  #lastId = 0;

  constructor(port: MessagePort) {
    this.#post = (request) => port.postMessage(request);
    port.onmessage = ({ data }: MessageEvent<MineReply>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ("error" in data) waiting?.reject(fromPortError(data.error));
      else waiting?.resolve(data.value);
    };
  }

  /** Rows that the database has taken so far, by table. */
  get written(): Record<string, number> {
    return { ...this.#written };
  }

  query(sql: string, parameters: readonly Json[]): Promise<Record<string, Json>[]> {
    return this.#call({ method: "query", args: [sql, parameters] });
  }

  async write(table: string, rows: readonly Record<string, Json>[]): Promise<void> {
    const shape = this.#shapes.get(table) ??
      await this.#call<TableShape>({ method: "shape", args: [table] });
    this.#shapes.set(table, shape);
    if (rows.length === 0) return;
    const names = Object.keys(rows[0]!);
    const key = keyFor(shape, names);
    const single = lastByKey(rows, (row) => JSON.stringify(key.map((name) => row[name])));
    for (let at = 0; at < single.length; at += ROWS_MAX) {
      const some = single.slice(at, at + ROWS_MAX);
      await this.#call({ method: "write", args: [writeOf(shape, names, some)] });
      this.#written[table] = (this.#written[table] ?? 0) + some.length;
    }
  }

  #call<T>(call: Call): Promise<T> {
    const id = ++this.#lastId;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    this.#post({ ...call, id });
    return waiting.promise as Promise<T>;
  }
}

/** Answers a miner's worker. */
export function serveMine(access: MineAccess, port: MessagePort): void {
  port.onmessage = ({ data }: MessageEvent<MineRequest>) => {
    const { id, method, args } = data;
    const answer = (async () => {
      switch (method) {
        case "query":
          return await access.query(...args);
        case "shape":
          return await access.shape(...args);
        case "write":
          return await access.write(...args);
        default:
          throw new Error(`the store has no ${String(method satisfies never)}`);
      }
    })();
    answer.then(
      (value) => port.postMessage({ id, value } satisfies MineReply),
      (error) => port.postMessage({ id, error: toPortError(error) } satisfies MineReply),
    );
  };
}

function writeOf(
  shape: TableShape,
  names: readonly string[],
  rows: readonly Record<string, Json>[],
): MineWrite {
  const columns: Record<string, string> = {};
  for (const row of rows) {
    const keys = Object.keys(row);
    if (keys.length === names.length && names.every((name) => name in row)) continue;
    throw new OperationError(
      `Cannot write rows of ${shape.table}: one has the columns ${keys.join(", ")}, another ` +
        `${names.join(", ")}; write them in two calls`,
    );
  }
  for (const name of names) {
    const column = shape.columns[name]!;
    columns[name] = columnText(rows.map((row) => cellText(shape.table, name, column, row[name]!)));
  }
  return { table: shape.table, columns, rows: rows.length };
}

function cellText(
  table: string,
  name: string,
  { isArray, isJson }: ColumnShape,
  value: Json,
): string | null {
  if (value === null) return null;
  if (isJson) return JSON.stringify(value, storable);
  if (isArray && Array.isArray(value)) {
    return columnText(value.map((item) => item === null ? null : String(item)));
  }
  if (typeof value === "object" || (typeof value === "number" && !Number.isFinite(value))) {
    throw new OperationError(
      `Cannot write rows of ${table}: ${JSON.stringify(value)} is no value for "${name}"`,
    );
  }
  return String(value);
}
