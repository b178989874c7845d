import { readEnvironment, secretsOf, type Settings } from "../config/environment.ts";
import type { Host } from "../contracts/command.ts";
import { type LogOptions, type LogSink, type PlainRecord, startLogging } from "../util/log.ts";
import type { Secret } from "../util/secret.ts";

/** Symbols followed at once, where LIU_MAX_SYMBOLS does not say. */
const SYMBOLS_MAX = 440;

export function symbolsMaxOf({ maxSymbols }: Settings): number {
  return maxSymbols ?? SYMBOLS_MAX;
}

/** From now on these are secrets too, and each record is seen. */
export type WatchLog = (
  secrets: readonly Secret[],
  onRecord: (record: PlainRecord) => void,
) => void;

/**
 * Reads the environment and starts the logs, with which all commands but the smallest begin.
 * Records of workers go into `logSink`. `write` is where lines go instead of stderr: above a status line.
 */
export function startSettings(
  host: Host,
  write: (line: string) => void = host.err,
): { settings: Settings; logSink: LogSink; watchLog: WatchLog } {
  const settings = readEnvironment(host.env, host.cwd);
  const options: LogOptions = {
    level: settings.logLevel,
    format: host.isErrTerminal ? "human" : "json",
    hasColors: host.isErrTerminal && settings.hasColors,
    write,
    secrets: secretsOf(settings),
  };
  const logSink = startLogging(options);
  const watchLog: WatchLog = (secrets, onRecord) =>
    void startLogging({ ...options, secrets: [...options.secrets, ...secrets], onRecord });
  return { settings, logSink, watchLog };
}
