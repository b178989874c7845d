/**
 * A connection to the database, server or embedded, through the same client library.
 * Invariant: no message that leaves this folder holds the password.
 */
import postgres from "postgres";
import { EmbeddedAccess } from "./embedded/access.ts";
import type { StoreLog } from "./log.ts";
import { type Target, targetOf } from "./target.ts";

export type Sql = postgres.Sql;
export type Transaction = postgres.TransactionSql;

export interface DatabaseOptions {
  /** `postgres://user:password@host:port/database`; null for the embedded database. */
  dsn: string | null;
  /** LIU_DATA: holds the embedded database and the spool. */
  dataDir: string;
  log: StoreLog;
  readOnly?: boolean;
}

export interface Database {
  sql: Sql;
  /** Names it in messages and file names, without a secret. */
  target: Target;
  close(): Promise<void>;
}

/** Connections to a server; the embedded database serves them one after the other. */
const CONNECTIONS_MAX = 3;
const CONNECT_SECONDS_MAX = 10;
const CLOSE_SECONDS_MAX = 5;

/** Doesn't connect yet: the first query does. */
export function connectDatabase(options: DatabaseOptions): Database {
  const target = targetOf(options);
  const access = options.dsn === null
    ? new EmbeddedAccess(
      options.dataDir,
      options.readOnly ? "read-only" : "read-write",
      options.log,
    )
    : null;
  const connection: Record<string, string> = { application_name: "liu" };
  if (options.readOnly && access === null) connection.default_transaction_read_only = "on";
  const settings: postgres.Options<Record<string, never>> & { socket?: unknown } = {
    max: CONNECTIONS_MAX,
    fetch_types: false,
    // Statements of all clients would pile up in the embedded database's only session.
    prepare: access === null,
    connect_timeout: CONNECT_SECONDS_MAX,
    // Whoever asks again has backed off already.
    backoff: () => 0,
    onnotice: () => {},
    connection,
  };
  if (access !== null) {
    Object.assign(settings, {
      socket: () => access.connect(),
      connect_timeout: 0,
      host: target.host,
      port: target.port,
      database: target.database,
      username: target.user,
      password: "",
    });
  }
  const sql = options.dsn === null ? postgres(settings) : postgres(options.dsn, settings);
  return {
    sql,
    target,
    async close() {
      await sql.end({ timeout: CLOSE_SECONDS_MAX });
      await access?.close();
    },
  };
}
