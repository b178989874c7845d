/** Runs the plan's scanners in their worker, each when main says so. */
import { param } from "../../contracts/params.ts";
import { type ScanContext, Scanner } from "../../contracts/scanner.ts";
import type { StrategyLog } from "../../contracts/strategy.ts";
import type {
  MainToScanners,
  PluginSource,
  ScannersToMain,
  SessionWindow,
} from "../../protocol.ts";
import { plainData } from "../../sandbox/plain_data.ts";
import { begin, loadPlugin, type PluginRegistry } from "../load_plugin.ts";
import { setTimeUs, TimeView } from "../consumer/views.ts";
import { marketOf } from "./market.ts";
import type { Snapshot } from "../../contracts/provider.ts";
import type { BarColumns } from "../../model/bars.ts";

/** A scanner that picks more is cut here: it would pick the whole market. */
const PICKS_MAX = 10_000;
/** What every scanner's section may have. */
const COMMON = {
  fromMarketOpen: param.number(0, { min: 0, doc: "minutes after the open of the first scan" }),
};

type Answer = Extract<MainToScanners, { type: "snapshots" | "bars" | "symbols" | "error" }>;
type Ask =
  | Omit<Extract<ScannersToMain, { type: "wantSnapshots" }>, "id">
  | Omit<Extract<ScannersToMain, { type: "wantBars" }>, "id">
  | Omit<Extract<ScannersToMain, { type: "wantSymbols" }>, "id">;

export class ScannerRunner {
  readonly #toMain: (message: ScannersToMain) => void;
  readonly #describe: (error: unknown, scanner: string) => { message: string; stack: string };
  readonly #scanners = new Map<string, { instance: Scanner; log: StrategyLog }>();
  readonly #asked = new Map<number, { resolve(answer: Answer): void; reject(e: Error): void }>();
  #nextId = 0;

  constructor(options: {
    toMain(message: ScannersToMain): void;
    describeThrown(error: unknown, scanner: string): { message: string; stack: string };
  }) {
    this.#toMain = options.toMain;
    this.#describe = options.describeThrown;
  }

  /** Loads and makes the scanners. Throws ConfigError. */
  async load(
    sources: PluginSource[],
    registry: PluginRegistry,
    log: (name: string) => StrategyLog,
    stopFlag: (index: number) => Int32Array,
    onLoading: (index: number | null) => void = () => {},
  ): Promise<void> {
    for (const [index, source] of sources.entries()) {
      onLoading(index);
      const { type, params } = await loadPlugin<Scanner>({
        table: "scanners",
        source,
        base: Scanner,
        registry,
        common: COMMON,
        stopFlag: stopFlag(index),
      });
      const instance = begin(source, () => new type({ name: source.name, params }));
      this.#scanners.set(source.name, { instance, log: log(source.name) });
    }
    onLoading(null);
    const scanners = [...this.#scanners].map(([name, { instance }]) => ({
      name,
      fromMarketOpen: Math.max(0, Number(instance.fromMarketOpen) || 0),
    }));
    this.#toMain({ type: "ready", scanners });
  }

  onMain(message: Exclude<MainToScanners, { type: "start" }>): void {
    switch (message.type) {
      case "scan":
        void this.#scan(message.id, message.scanner, message.timeUs, message.window);
        return;
      case "snapshots":
      case "bars":
      case "symbols":
      case "error": {
        const asked = this.#asked.get(message.id);
        this.#asked.delete(message.id);
        if (message.type === "error") asked?.reject(new Error(message.message));
        else asked?.resolve(message);
        return;
      }
      case "stop":
        return this.#toMain({ type: "stopped" });
      default:
        message satisfies never;
    }
  }

  async #scan(id: number, name: string, timeUs: number, window: SessionWindow): Promise<void> {
    const { instance, log } = this.#scanners.get(name)!;
    const time = new TimeView(window);
    setTimeUs(time, timeUs);
    const context: ScanContext = Object.freeze({
      market: marketOf({
        snapshots: (symbols) =>
          this.#ask<{ snapshots: Snapshot[]; shortable: string[] }>(
            { type: "wantSnapshots", symbols, timeUs },
          ),
        bars: async (symbols, scale, count) =>
          (await this.#ask<{ bars: Map<string, BarColumns> }>(
            { type: "wantBars", symbols, scale, count, timeUs },
          )).bars,
        symbols: async (assetClass) =>
          (await this.#ask<{ symbols: string[] }>({ type: "wantSymbols", assetClass })).symbols,
      }),
      time,
      log,
    });
    try {
      const picked = plainData(await instance.run(context));
      if (!Array.isArray(picked) || !picked.every((symbol) => typeof symbol === "string")) {
        throw new TypeError("a scanner's run must return a list of symbols");
      }
      this.#toMain({
        type: "picked",
        id,
        symbols: [...new Set(picked as string[])].slice(0, PICKS_MAX),
      });
    } catch (error) {
      this.#toMain({ type: "scanFailed", id, ...this.#describe(error, name) });
    }
  }

  #ask<T>(question: Ask): Promise<T> {
    const id = this.#nextId++;
    return new Promise<T>((resolve, reject) => {
      this.#asked.set(id, { resolve: (answer) => resolve(answer as T), reject });
      this.#toMain({ ...question, id } as ScannersToMain);
    });
  }
}
