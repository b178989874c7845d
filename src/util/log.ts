/**
 * Logs: for a person on a terminal, JSON lines otherwise. They go to stderr, results to stdout.
 * Invariant: no text of a secret is in a line that is written.
 */
import {
  configureSync,
  getAnsiColorFormatter,
  getLogger,
  getTextFormatter,
  type Logger,
  type LogRecord,
} from "@logtape/logtape";
import { logLiteral } from "./log_literal.ts";
import type { Secret } from "./secret.ts";

export type LogLevel = "trace" | "debug" | "info" | "warning" | "error" | "fatal";

/** Takes a record that was made elsewhere. `message` may hold {names} of properties; all of it is plain data. */
export type LogSink = (
  level: LogLevel,
  category: readonly string[],
  message: string,
  properties: Record<string, unknown>,
) => void;

/** A record without secrets, as plain data. */
export interface PlainRecord {
  level: LogLevel;
  /** "gateway". */
  part: string;
  message: string;
  /** The message before its {names} were filled in: the same for all of a kind. */
  template: string;
  properties: Record<string, unknown>;
  timeMs: number;
}

export interface LogOptions {
  level: LogLevel;
  format: "human" | "json";
  hasColors: boolean;
  /** Gets each line with its line end. */
  write(line: string): void;
  /** What must not be seen. Texts of fewer than 4 characters are no secrets. */
  secrets: readonly Secret[];
  /** Sees each record that is written, after it. */
  onRecord?(record: PlainRecord): void;
}

/** The logger of a part of Liu: `logger("gateway").info("Sent {symbol}.", { symbol })`. */
export function logger(...category: string[]): Logger {
  return getLogger(["liu", ...category]);
}

/**
 * Starts the logs of this process, in main; once more replaces the first.
 * Records of workers go in by the sink that it gives.
 */
export function startLogging(options: LogOptions): LogSink {
  const redact = redactor(options.secrets);
  const format = options.format === "json" ? jsonLine : humanFormatter(options.hasColors);
  const { onRecord } = options;
  configure(options.level, (record) => {
    const plain = plainRecord(record, redact);
    options.write(redact(format(plain)));
    onRecord?.(seen(plain));
  });
  return (level, category, message, properties) => getLogger(category)[level](message, properties);
}

/** Starts the logs of a worker: all records go to `sink`, which posts them to main. */
export function startWorkerLogging(level: LogLevel, sink: LogSink): void {
  configure(level, (record) => {
    const { category, rawMessage, properties } = record;
    const message = typeof rawMessage === "string" ? rawMessage : escaped(record.message);
    sink(record.level, category, message, plain(properties, (text) => text));
  });
}

type Redact = (text: string) => string;
type Properties = Record<string, unknown>;

function configure(level: LogLevel, write: (record: LogRecord) => void): void {
  configureSync({
    reset: true,
    sinks: { write },
    loggers: [
      { category: "liu", lowestLevel: level, sinks: ["write"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["write"] },
    ],
  });
}

/** The record with one text as its message and plain data as its properties, without secrets. */
function plainRecord(record: LogRecord, redact: Redact): LogRecord {
  return {
    ...record,
    message: [redact(record.message.map(shown).join(""))],
    properties: plain(record.properties, redact),
  };
}

function seen(record: LogRecord): PlainRecord {
  const { level, category, message, rawMessage, properties, timestamp } = record;
  return {
    level,
    part: category.slice(1).join("."),
    message: String(message[0]),
    template: typeof rawMessage === "string" ? rawMessage : String(message[0]),
    properties,
    timeMs: timestamp,
  };
}

function jsonLine({ timestamp, level, category, message, properties }: LogRecord): string {
  const time = new Date(timestamp).toISOString();
  const part = category.slice(1).join(".");
  return JSON.stringify({ time, level, part, message: message[0], properties }) + "\n";
}

/** Properties that the message does not name follow it, so that a person sees them too. */
function humanFormatter(hasColors: boolean): (record: LogRecord) => string {
  const options = {
    timestamp: "time",
    timeZone: null,
    level: "full",
    category: (category: readonly string[]) => category.slice(1).join("."),
  } as const;
  const format = hasColors ? getAnsiColorFormatter(options) : getTextFormatter(options);
  return (record) => {
    // Doubled braces are of a text, and name nothing.
    const named = typeof record.rawMessage === "string"
      ? record.rawMessage.replaceAll("{{", "")
      : "";
    const rest = Object.entries(record.properties)
      .filter(([name]) => !named.includes(`{${name}}`))
      .map(([name, value]) => ` ${name}=${shown(value)}`);
    return format({ ...record, message: [record.message[0] + rest.join("")] });
  };
}

function shown(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Error) return value.stack ?? value.message;
  if (isErrorLike(value)) return value.stack;
  return JSON.stringify(plain({ value }, (text) => text).value) ?? "undefined";
}

function isErrorLike(value: unknown): value is { stack: string } {
  return typeof value === "object" && value !== null && "stack" in value &&
    typeof value.stack === "string";
}

/** Texts and values of a message in turn, as a template that names no properties. */
function escaped(message: readonly unknown[]): string {
  return logLiteral(message.map(shown).join(""));
}

/** What can cross a port and be written as JSON. */
function plain(properties: Properties, redact: Redact): Properties {
  const replace = (_: string, value: unknown) => {
    if (typeof value === "string") return redact(value);
    if (typeof value === "bigint") return String(value);
    if (value instanceof Error) {
      return { name: value.name, message: value.message, stack: value.stack };
    }
    return value;
  };
  try {
    return JSON.parse(JSON.stringify(properties, replace));
  } catch (error) {
    return { unprintable: String(error) };
  }
}

/** Takes the texts of secrets out, also as JSON and addresses write them. */
export function redactor(secrets: readonly Secret[]): (text: string) => string {
  const texts = new Set<string>();
  for (const secret of secrets) {
    const text = secret.reveal();
    if (text.length < 4) continue;
    texts.add(text).add(JSON.stringify(text).slice(1, -1)).add(encodeURIComponent(text));
  }
  // The longest first: one may be a part of another.
  const sorted = [...texts].sort((a, b) => b.length - a.length);
  return (line) => sorted.reduce((text, secret) => text.replaceAll(secret, "***"), line);
}
