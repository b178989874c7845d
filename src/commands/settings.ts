import { readEnvironment, secretsOf, type Settings } from "../config/environment.ts";
import type { Host } from "../contracts/command.ts";
import { type LogSink, startLogging } from "../util/log.ts";

/** Symbols followed at once, where LIU_MAX_SYMBOLS does not say. */
const SYMBOLS_MAX = 440;

export function symbolsMaxOf({ maxSymbols }: Settings): number {
  return maxSymbols ?? SYMBOLS_MAX;
}

/**
 * Reads the environment and starts the logs, with which all commands but the smallest begin.
 * Records of workers go into `logSink`. `write` is where lines go instead of stderr: above a status line.
 */
export function startSettings(
  host: Host,
  write: (line: string) => void = host.err,
): { settings: Settings; logSink: LogSink } {
  const settings = readEnvironment(host.env, host.cwd);
  const logSink = startLogging({
    level: settings.logLevel,
    format: host.isErrTerminal ? "human" : "json",
    hasColors: host.isErrTerminal && settings.hasColors,
    write,
    secrets: secretsOf(settings),
  });
  return { settings, logSink };
}
