/**
 * The lock of a trader on its account, in a database that several machines may use. Invariant: the
 * server gives it back when the session that took it is gone, and not before: so nobody takes it
 * from a trader that is still there.
 */
import postgres from "postgres";
import type { Sql } from "./database.ts";

const CONNECT_SECONDS_MAX = 10;
const CLOSE_SECONDS_MAX = 5;

export class AccountLock {
  /** One session, for nothing else: the lock is the session's. */
  #sql: Sql | null = null;
  /** The server's process of the session that has it; 0: none has. */
  #pid = 0;

  constructor(readonly dsn: string, readonly name: string) {}

  /**
   * Takes it, or finds it still taken, by this lock: null then. Else who has it, for people. Throws
   * where the database does not answer.
   */
  async take(): Promise<string | null> {
    const sql = this.#sql ??= this.#connect();
    try {
      // Where the session is another than before, that one is gone, and its lock with it.
      const [{ pid, taken }] = await sql<{ pid: number; taken: boolean }[]>`
        select pg_backend_pid() as pid,
               case when pg_backend_pid() = ${this.#pid} then true
                    else pg_try_advisory_lock(hashtextextended(${this.name}, 0)) end as taken`;
      this.#pid = taken ? pid : 0;
      return taken ? null : await this.#holder(sql);
    } catch (error) {
      // The library cannot be trusted with a client whose connection broke (database.ts).
      this.#sql = null;
      sql.end({ timeout: 0 }).catch(() => {});
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#sql?.end({ timeout: CLOSE_SECONDS_MAX });
    this.#sql = null;
  }

  #connect(): Sql {
    return postgres(this.dsn, {
      max: 1,
      // Never given up by itself: the lock would go with it.
      idle_timeout: 0,
      max_lifetime: null,
      connect_timeout: CONNECT_SECONDS_MAX,
      fetch_types: false,
      onnotice: () => {},
      connection: { application_name: "liu trader" },
    });
  }

  async #holder(sql: Sql): Promise<string> {
    const [holder] = await sql<{ text: string }[]>`
      select concat_ws(', ', 'at ' || coalesce(host(client_addr), 'the database''s machine'),
                       'since ' || to_char(backend_start, 'YYYY-MM-DD HH24:MI TZ')) as text
        from pg_locks join pg_stat_activity using (pid)
       where locktype = 'advisory' and granted and objsubid = 1
         and (classid::bigint << 32) | objid::bigint = hashtextextended(${this.name}, 0)`;
    return holder?.text ?? "which has gone just now";
  }
}
