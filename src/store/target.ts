/** Which database it is, without the secret that opens it. */
import { ConfigError } from "../util/errors.ts";

export interface Target {
  kind: "server" | "embedded";
  host: string;
  port: number;
  database: string;
  user: string;
}

/** Where the embedded database's owner listens. */
export const LOOPBACK = "127.0.0.1";

/** Reads a DSN without connecting; throws a ConfigError that doesn't repeat it. */
export function targetOf({ dsn, dataDir }: { dsn: string | null; dataDir: string }): Target {
  if (dsn === null) {
    return {
      kind: "embedded",
      host: dataDir,
      port: 0,
      database: "postgres",
      user: "postgres",
    };
  }
  const url = URL.canParse(dsn) ? new URL(dsn) : null;
  const database = url === null ? "" : decodeURIComponent(url.pathname.slice(1));
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol) || !url.hostname || !database) {
    throw new ConfigError(
      "Cannot read DSN: it must be like postgres://user:password@localhost:5432/database " +
        "(characters such as @ or / in the password as %40, %2F)",
    );
  }
  return {
    kind: "server",
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? 5432 : Number(url.port),
    database,
    user: decodeURIComponent(url.username),
  };
}
