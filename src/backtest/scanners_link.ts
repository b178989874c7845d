/** The plan's scanners in the backtest's own isolate; what they ask of the market ends at the scan's time. */
import { strategyLog } from "../engine/consumer/load_strategies.ts";
import type { PluginRegistry } from "../engine/load_plugin.ts";
import { answerScanner, type MarketAccess } from "../engine/scanner_market.ts";
import { ScannerRunner } from "../engine/scanners/scanner_runner.ts";
import type { ScanResult } from "../engine/scans.ts";
import { errorOf, Inbox } from "../engine/worker_link.ts";
import type { PluginSource, ScannersToMain, SessionWindow } from "../protocol.ts";
import type { LogSink } from "../util/log.ts";

export interface ScannersLinkOptions {
  /** How many there are. */
  scanners: number;
  market: MarketAccess;
  log: LogSink;
  describeThrown(error: unknown): { message: string; stack: string };
  onFailure(error: Error): void;
}

export class ScannersLink {
  readonly #inbox = new Inbox<ScannersToMain>();
  readonly #options: ScannersLinkOptions;
  readonly #runner: ScannerRunner;
  #ids = 0;

  constructor(options: ScannersLinkOptions) {
    this.#options = options;
    this.#runner = new ScannerRunner({
      toMain: (message) => this.#onMessage(message),
      describeThrown: options.describeThrown,
    });
  }

  /** Loads the scanners; gives the minutes after the open from which each runs. Throws ConfigError. */
  async load(sources: PluginSource[], registry: PluginRegistry): Promise<Map<string, number>> {
    const ready = this.#inbox.next("ready");
    const log = (name: string) => strategyLog(name, (message) => this.#onMessage(message));
    await this.#runner.load(sources, registry, log, () => new Int32Array(1));
    return new Map(
      (await ready).scanners.map(({ name, fromMarketOpen }) => [name, fromMarketOpen]),
    );
  }

  run(scanner: string, timeUs: number, window: SessionWindow): Promise<ScanResult> {
    const id = this.#ids++;
    const answer = this.#inbox.nextOf(["picked", "scanFailed"], (message) => message.id === id);
    this.#runner.onMain({ type: "scan", id, scanner, timeUs, window });
    return answer;
  }

  fail(error: Error): void {
    this.#inbox.fail(error);
  }

  #onMessage(message: ScannersToMain): void {
    const { log, onFailure, market } = this.#options;
    if (message.type === "log") {
      return log(message.level, message.category, message.message, message.properties);
    }
    if (message.type === "failed") return onFailure(errorOf(message, "scanners"));
    const answer = answerScanner(message, market);
    if (answer === null) return this.#inbox.deliver(message);
    answer.then((reply) => {
      if (reply.type !== "start") this.#runner.onMain(reply);
    }, onFailure);
  }
}
