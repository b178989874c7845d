/** One run of a miner: it is locked, run in its worker, and said how it ended. */
import type { Settings } from "../config/environment.ts";
import type { MinerPlan, MinerSection } from "../config/miner_plan.ts";
import type { Host } from "../contracts/command.ts";
import type { Json } from "../contracts/store.ts";
import { type MinerEnd, runMiner } from "../engine/miners/run_miner.ts";
import type { Remote } from "../history/history.ts";
import { miners as builtins } from "../miners/registry.ts";
import { exchangeDate, previousSession, sessionOf } from "../model/calendar.ts";
import { ConfigError, OperationError, RetryableError, StrategyError } from "../util/errors.ts";
import { logger } from "../util/log.ts";
import { progressBar, StatusLine } from "../util/progress.ts";
import { table } from "../util/table.ts";
import { alpacaUrls } from "../wire/alpaca_urls.ts";
import { minerHost } from "./miner_host.ts";
import { lockMiner, type MinerRun, noteRun } from "./miner_lock.ts";
import { sourceOf } from "./plan_sources.ts";
import { remoteOf } from "./provider.ts";
import { startSettings } from "./settings.ts";
import { openSettingsStore } from "./store.ts";

export interface MineWanted {
  plan: MinerPlan;
  section: MinerSection;
  /** That it may write. */
  tables: string[];
  /** null: the last session that is over. */
  date: string | null;
  isDryRun: boolean;
  isJson: boolean;
}

/** Nothing was done, because another run of the miner is under way. */
const EXIT_RUNNING = 3;
/** After a close, bars still settle. */
const SETTLING_US = 20 * 60e6;
const WARNINGS_MAX = 20;
const CLOSE_MS_MAX = 30_000;

/** Gives the exit code. Throws ConfigError, and OperationError where it could not begin. */
export async function mine(wanted: MineWanted, host: Host): Promise<number> {
  const { section, plan } = wanted;
  const lines = new Lines(host, wanted.isJson);
  const { settings, logSink } = startSettings(host, (text) => lines.log(text));
  for (const warning of plan.warnings) logger("miner").warn(warning);
  try {
    const source = await sourceOf(plan, section, builtins);
    const lock = await lockMiner(settings, section.name);
    if (lock === null) return lines.alreadyRuns(section.name, "on this machine");
    try {
      const startedAt = new Date().toISOString();
      const remote = remembered(() => remoteFor(settings, host.signal));
      const { date, nowUs } = await dateOf(wanted.date, settings, remote);
      const store = await openSettingsStore(settings, { readOnly: wanted.isDryRun });
      let end: MinerEnd;
      try {
        const client = store.connect();
        const other = await client.lockAccount(`miner ${section.name}`);
        if (other !== null) return lines.alreadyRuns(section.name, other);
        const { tables, isDryRun } = wanted;
        const { signal } = host;
        const world = { settings, remote, store: client, date, tables, isDryRun, nowUs, signal };
        end = await runMiner({
          source,
          netHosts: section.netHosts,
          date,
          nowUs,
          storePort: store.minePort({ tables, isDryRun }),
          host: minerHost(world),
          minutesMax: section.maxMinutes,
          onProgress: (done, total) => lines.progress(section.name, done, total),
          log: logSink,
          signal,
        });
      } finally {
        // All that was written has been answered: what hangs is a query of the miner's.
        await store.close(CLOSE_MS_MAX);
      }
      const run: MinerRun = {
        date,
        startedAt,
        endedAt: new Date().toISOString(),
        written: end.written,
        result: end.result,
        error: end.error?.message ?? null,
      };
      if (!wanted.isDryRun) await noteRun(settings, section.name, run);
      return lines.end(section.name, run, end, wanted.isDryRun);
    } finally {
      lock.release();
    }
  } catch (error) {
    lines.flush();
    throw error;
  }
}

function remembered<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => made ??= make();
}

/** null: Alpaca's keys are not known; what is on disk is all there is. */
async function remoteFor(settings: Settings, signal: AbortSignal): Promise<Remote | null> {
  const { keyId, secretKey } = settings.alpaca;
  const lacksKeys = keyId === null || secretKey === null;
  if (settings.dataConnector === "alpaca" && lacksKeys) return null;
  return await remoteOf(settings, signal);
}

/** Which day is mined for, by the clock of the exchange that is asked. Throws ConfigError. */
async function dateOf(
  asked: string | null,
  settings: Settings,
  remote: () => Promise<Remote | null>,
): Promise<{ date: string; nowUs: number }> {
  const isSimulated = alpacaUrls(settings.alpaca.baseUrl).isSimulated;
  const clock = isSimulated && asked === null ? (await remote())?.clock : undefined;
  const nowUs = clock?.nowUs() ?? Date.now() * 1000;
  const last = previousSession(nowUs - SETTLING_US).date;
  if (asked === null) return { date: last, nowUs };
  if (sessionOf(asked) === null) {
    const before = previousSession(Date.parse(asked) * 1000).date;
    throw new ConfigError(
      `Cannot mine for ${asked}: the exchange is closed on that day. The session before is ${before}`,
    );
  }
  if (asked > exchangeDate(Date.now() * 1000)) {
    throw new ConfigError(`Cannot mine for ${asked}: that day is not over. The last is ${last}`);
  }
  return { date: asked, nowUs };
}

/**
 * What is printed: for a person on a terminal as it goes, for cron one line of JSON where all is
 * well, and else all that was to be said.
 */
class Lines {
  readonly #host: Host;
  readonly #isForPeople: boolean;
  readonly #status: StatusLine;
  readonly #held: string[] = [];
  readonly #startMs = performance.now();

  constructor(host: Host, isJson: boolean) {
    this.#host = host;
    this.#isForPeople = host.isOutTerminal && !isJson;
    this.#status = new StatusLine({
      isTerminal: host.isErrTerminal && !isJson,
      columns: host.columns,
      write: host.err,
      nowMs: () => performance.now(),
    });
  }

  log(text: string): void {
    if (this.#host.isErrTerminal) this.#status.print(text);
    // Who asks for logs gets them.
    else if (this.#host.env.LIU_LOG || this.#host.env.LIU_DEBUG_ENABLED) this.#host.err(text);
    else this.#held.push(text);
  }

  progress(name: string, done: number, total: number): void {
    this.#status.set(progressBar(done, total, name));
  }

  /** What was held back is told after all. */
  flush(): void {
    this.#status.clear();
    for (const text of this.#held.splice(0)) this.#host.err(text);
  }

  alreadyRuns(name: string, where: string): number {
    this.flush();
    this.#host.err(`The miner "${name}" is running already (${where}): nothing was done.\n`);
    return EXIT_RUNNING;
  }

  end(name: string, run: MinerRun, { error }: MinerEnd, isDryRun: boolean): number {
    this.#status.clear();
    const seconds = Math.round((performance.now() - this.#startMs) / 10) / 100;
    const { date, written, result } = run;
    const warnings = this.#warnings();
    const shown = { miner: name, date, isDryRun, seconds, written, result, warnings };
    if (error !== null) {
      this.flush();
      const isKnown = [ConfigError, OperationError, RetryableError, StrategyError]
        .some((of) => error instanceof of);
      const what = isKnown ? error.message : error.stack ?? error.message;
      this.#host.err(
        `The miner "${name}" failed for ${date}: ${what}\n${keptText(written, isDryRun)}\n`,
      );
      if (!this.#isForPeople) {
        this.#host.out(JSON.stringify({ ...shown, error: error.message }) + "\n");
      }
      return error instanceof ConfigError ? 2 : 1;
    }
    this.#host.out(
      this.#isForPeople ? `${peopleText(name, run, isDryRun)}\n` : JSON.stringify(shown) + "\n",
    );
    return 0;
  }

  /** Of what was held back: warnings and errors, as texts. */
  #warnings(): string[] {
    const found = this.#held.flatMap((line) => {
      try {
        const { level, message } = JSON.parse(line);
        return /warn|error|fatal/i.test(level) ? [String(message)] : [];
      } catch {
        return [];
      }
    });
    if (found.length <= WARNINGS_MAX) return found;
    return [...found.slice(0, WARNINGS_MAX), `and ${found.length - WARNINGS_MAX} more`];
  }
}

function keptText(written: Record<string, number>, isDryRun: boolean): string {
  const rows = Object.entries(written).map(([table, count]) => `${count} rows of ${table}`);
  if (rows.length === 0 || isDryRun) return "Nothing was stored. The same command tries again.";
  return `What was stored before is kept (${
    rows.join(", ")
  }): the same command goes on from there.`;
}

function peopleText(name: string, { date, written, result }: MinerRun, isDryRun: boolean): string {
  const rows = Object.entries(written).map(([table, count]) => `${count} rows of ${table}`);
  const stored = rows.length === 0 ? "nothing new" : rows.join(", ");
  const rest = Object.entries(result).filter(([, value]) => !isEmpty(value))
    .map(([key, value]) => `\n  ${key.replaceAll("_", " ")}: ${valueText(value)}`);
  return `${name} for ${date}: ${stored}${isDryRun ? " would be stored" : ""}${rest.join("")}`;
}

function valueText(value: Json): string {
  if (Array.isArray(value) && value.every(isTable)) {
    const head = [...new Set(value.flatMap((row) => Object.keys(row)))];
    const cells = value.map((row) => head.map((name) => valueText(row[name] ?? null)));
    return "\n" + table(head, cells, { width: Infinity, hasColors: false }).trimEnd();
  }
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function isTable(value: Json): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isEmpty(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.length === 0);
}
