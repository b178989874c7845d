/** Which session it is: a new one, or one that was cut short. */
import type { Json, OptimizerRunRow, OptimizerSessionRow, Store } from "../contracts/store.ts";
import { ConfigError } from "../util/errors.ts";
import type { Fingerprint } from "./fingerprint.ts";
import { SessionLease } from "./session_lease.ts";

const SESSIONS_LOOKED_AT = 1000;

export interface StartedSession {
  row: OptimizerSessionRow;
  /** Trials that are finished. */
  known: OptimizerRunRow[];
  isNew: boolean;
  /** To be released when the session is left. */
  lease: SessionLease;
}

/**
 * The session that `resume` names ("last": the newest), or one that is unfinished and the same in
 * all, or a new one. Throws ConfigError for one that is not the same, OperationError for one that
 * another process is at.
 */
export async function startSession(
  store: Store,
  { folder, resume, fingerprint, settings, newId }: {
    /** Of Liu's data. */
    folder: string;
    resume: string | undefined;
    fingerprint: Fingerprint;
    settings: Record<string, Json>;
    newId(): string;
  },
): Promise<StartedSession> {
  const sessions = await store.optimizerSessions(SESSIONS_LOOKED_AT);
  const text = JSON.stringify(fingerprint);
  const found = resume === undefined
    ? sessions.find((one) => one.fingerprint === text && one.result === null)
    : named(sessions, resume);
  if (found === undefined) {
    const row = { sessionId: newId(), fingerprint: text, settings, result: null };
    const lease = SessionLease.take(folder, row.sessionId);
    store.write([{ table: "optimizer_session", row }]);
    return { row, known: [], isNew: true, lease };
  }
  mustBeSame(found, fingerprint);
  const lease = SessionLease.take(folder, found.sessionId);
  return { row: found, known: await store.optimizerRuns(found.sessionId), isNew: false, lease };
}

function named(sessions: OptimizerSessionRow[], resume: string): OptimizerSessionRow {
  const found = resume === "last"
    ? sessions.slice(0, 1)
    : sessions.filter(({ sessionId }) => resume !== "" && sessionId.startsWith(resume));
  if (found.length === 1) return found[0];
  if (found.length > 1) {
    throw new ConfigError(
      `Cannot resume ${resume}: ${found.length} sessions begin so, ${found[0].sessionId} and ` +
        `${found[1].sessionId} among them: give more of its id`,
    );
  }
  const newest = sessions.slice(0, 3).map(({ sessionId }) => sessionId).join(", ");
  throw new ConfigError(
    `Cannot resume ${resume}: there is no such session` + (newest ? `; the newest: ${newest}` : ""),
  );
}

const PARTS: Record<keyof Fingerprint, string> = {
  data: "the market data",
  plan: "the plan, its strategies' code, or an option of the backtest",
  search: "the space, method, trials, seed, dates, objective or windows",
};

function mustBeSame({ sessionId, fingerprint }: OptimizerSessionRow, now: Fingerprint): void {
  const then = JSON.parse(fingerprint) as Fingerprint;
  const changed = (Object.keys(PARTS) as (keyof Fingerprint)[])
    .filter((part) => then[part] !== now[part]);
  if (changed.length === 0) return;
  throw new ConfigError(
    `Cannot resume ${sessionId}: it began with something else. Changed since: ` +
      `${changed.map((part) => PARTS[part]).join("; ")}. Start a new session without --resume`,
  );
}
