/**
 * A connection to the database, server or embedded, through the same client library.
 * Invariants:
 * - No message that leaves this folder holds the password.
 * - A transaction is one statement, or one message of several, and a client of the library is
 *   thrown away with its first broken connection. The library (postgres 3.4.9) can't be trusted
 *   with a connection that breaks inside begin(): it writes its rollback to no socket, which
 *   nothing can catch, and may never connect again (its issues 1154, 1208, 1216).
 */
import postgres from "postgres";
import { isConnectionFailure, wasCut } from "./database_error.ts";
import { EmbeddedAccess } from "./embedded/access.ts";
import type { StoreLog } from "./log.ts";
import { LOOPBACK, type Target, targetOf } from "./target.ts";

export type Sql = postgres.Sql;
/** A part of a statement. */
export type Fragment = postgres.PendingQuery<postgres.Row[]>;

export interface DatabaseOptions {
  /** `postgres://user:password@host:port/database`; null for the embedded database. */
  dsn: string | null;
  /** LIU_DATA: holds the embedded database and the spool. */
  dataDir: string;
  log: StoreLog;
  readOnly?: boolean;
  /** To a server; 3 unless given. */
  connectionsMax?: number;
  /** How values are read and written, where not as the library does. */
  types?: Record<string, postgres.PostgresType>;
  /** Settings of a server's sessions. */
  settings?: Record<string, string | number | boolean>;
}

/** In time, or ETIMEDOUT. */
async function inTime<T>(query: PromiseLike<T>, msMax: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new Error(`no answer within ${msMax / 1000} s`);
    late.reject(Object.assign(error, { code: "ETIMEDOUT" }));
  }, msMax);
  try {
    return await Promise.race([query, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Connections to a server; the embedded database serves them one after the other. */
const CONNECTIONS_MAX = 3;
const CONNECT_SECONDS_MAX = 10;
const CLOSE_SECONDS_MAX = 5;
/** A query whose connection breaks is asked again at once; after so many times it is given up. */
const ATTEMPTS_MAX = 4;

export class Database {
  /** Names it in messages and file names, without a secret. */
  readonly target: Target;
  readonly #options: DatabaseOptions;
  readonly #access: EmbeddedAccess | null;
  #sql: Sql | null = null;

  /** Doesn't connect yet: the first query does. */
  constructor(options: DatabaseOptions) {
    const { dsn, dataDir, readOnly, log } = options;
    this.target = targetOf(options);
    this.#options = options;
    this.#access = dsn === null
      ? new EmbeddedAccess(dataDir, readOnly ? "read-only" : "read-write", log)
      : null;
  }

  /**
   * Runs a query that may be repeated: where the connection breaks, nobody knows whether it was
   * carried out. One without an answer for `msMax` is given up with its connection: a network that
   * was cut says nothing. Throws the library's error; explain and callError put it into words.
   */
  async run<T>(query: (sql: Sql) => PromiseLike<T>, msMax = Infinity): Promise<T> {
    for (let attempt = 1;; attempt++) {
      const sql = this.#sql ??= this.#connect();
      try {
        return await (msMax === Infinity ? query(sql) : inTime(query(sql), msMax));
      } catch (error) {
        if (!isConnectionFailure(error)) throw error;
        this.#discard(sql);
        if (!wasCut(error) || attempt === ATTEMPTS_MAX) throw error;
      }
    }
  }

  async close(): Promise<void> {
    await this.#sql?.end({ timeout: CLOSE_SECONDS_MAX });
    this.#sql = null;
    await this.#access?.close();
  }

  #discard(sql: Sql): void {
    if (this.#sql !== sql) return;
    this.#sql = null;
    // The others that use it get an error that says so, and come back with the next one.
    sql.end({ timeout: 0 }).catch(() => {});
  }

  #connect(): Sql {
    const { dsn, readOnly, types, settings: own, connectionsMax } = this.#options;
    const settings: postgres.Options<Record<string, never>> = {
      max: connectionsMax ?? CONNECTIONS_MAX,
      fetch_types: false,
      connect_timeout: CONNECT_SECONDS_MAX,
      // Whoever asks again has backed off already.
      backoff: () => 0,
      onnotice: () => {},
      connection: { application_name: "liu", ...own },
      ...(types === undefined ? {} : { types: types as never }),
    };
    if (dsn === null) return postgres({ ...settings, ...this.#embeddedSettings() });
    if (readOnly) settings.connection!.default_transaction_read_only = true;
    return postgres(dsn, settings);
  }

  #embeddedSettings(): postgres.Options<Record<string, never>> {
    const settings: postgres.Options<Record<string, never>> & { socket: unknown } = {
      socket: () => this.#access!.connect(),
      // Its first start takes longer than any server's answer; access knows when to give up.
      connect_timeout: 0,
      // Statements of all clients would pile up in the embedded database's only session.
      prepare: false,
      host: LOOPBACK,
      port: 5432,
      database: this.target.database,
      username: this.target.user,
      password: "",
    };
    return settings;
  }
}
