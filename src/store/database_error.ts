/** What a failed query means: try again, give up, or that record is bad. */
import { ConfigError, OperationError, RetryableError } from "../util/errors.ts";
import type { Target } from "./target.ts";

/** SQLSTATE classes: data exception, integrity constraint violation, program limit exceeded. */
const BAD_RECORD_CLASSES = new Set(["22", "23", "54"]);

const CUT_CODES = new Set([
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
  "CONNECTION_ENDED",
  "ECONNRESET",
  "EPIPE",
  "57P01",
]);

/** A record that no statement can be made of. */
export class BadRecord extends Error {
  override readonly name = "BadRecord";
}

/** The database took the statement and refuses its content: again would be refused again. */
export function isBadRecord(error: unknown): boolean {
  const code = codeOf(error);
  return error instanceof BadRecord ||
    code.length === 5 && BAD_RECORD_CLASSES.has(code.slice(0, 2));
}

/** The connection is no longer to be used, or never was there. */
export function isConnectionFailure(error: unknown): boolean {
  const code = codeOf(error);
  // The server's own errors have five characters; those of these classes end the connection.
  return !(error instanceof BadRecord) &&
    (code.length !== 5 || code === "EPIPE" || code.startsWith("57P") || code.startsWith("08"));
}

/** The connection was there and broke. */
export function wasCut(error: unknown): boolean {
  return CUT_CODES.has(codeOf(error));
}

/** In words, with what to do. */
export function explain(error: unknown, target: Target): string {
  if (target.kind === "embedded") {
    return `Cannot use the embedded database in ${target.host}: ${messageOf(error)}`;
  }
  const { host, port, database, user } = target;
  const where = `${host}:${port}`;
  switch (codeOf(error)) {
    case "28P01":
    case "28000":
      return `Cannot log in to the database "${database}" at ${where} as "${user}": ` +
        `${messageOf(error)}. Check user and password in DSN.`;
    case "3D000":
      return `Cannot open the database "${database}" at ${where}: it does not exist. ` +
        `Create it (createdb -h ${host} -p ${port} ${database}), or correct DSN.`;
    case "42501":
      return `Cannot use the database "${database}" at ${where} as "${user}": ` +
        `${messageOf(error)}. Give that user the right, or correct DSN.`;
    case "25006":
      return `Cannot write to the database "${database}" at ${where}: it is open read-only.`;
    default:
      return `Cannot reach the database "${database}" at ${where}: ${reasonOf(error)}. ` +
        `Start PostgreSQL there, or correct DSN (without DSN, liu uses its embedded database).`;
  }
}

/** At start: somebody has to do something. */
export function openError(error: unknown, target: Target): Error {
  if (error instanceof OperationError || error instanceof ConfigError) return error;
  return new OperationError(explain(error, target), { cause: withoutQuery(error) });
}

/** Later: it may be back soon. */
export function callError(error: unknown, target: Target): Error {
  if (error instanceof OperationError || error instanceof RetryableError) return error;
  if (isBadRecord(error) || codeOf(error) === "25006") {
    return new OperationError(
      codeOf(error) === "25006"
        ? `Cannot write to the database: it is open read-only`
        : `The database refused it: ${messageOf(error)}`,
    );
  }
  return new RetryableError(explain(error, target), { cause: withoutQuery(error) });
}

/** The constraint that was violated. */
export function constraintOf(error: unknown): string | null {
  return error instanceof Error && "constraint_name" in error
    ? String(error.constraint_name)
    : null;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function reasonOf(error: unknown): string {
  switch (codeOf(error)) {
    case "ECONNREFUSED":
      return "nothing listens there (connection refused)";
    case "ENOTFOUND":
      return "no such host";
    case "CONNECT_TIMEOUT":
    case "ETIMEDOUT":
      return "no answer";
    case "CONNECTION_CLOSED":
    case "CONNECTION_DESTROYED":
    case "ECONNRESET":
      return "the connection was closed";
    default:
      return messageOf(error) || codeOf(error);
  }
}

/** The client library hangs the query's parameters on its errors; they stay out of logs. */
function withoutQuery(error: unknown): Error {
  const copy = new Error(messageOf(error));
  copy.name = codeOf(error) || "Error";
  return copy;
}
