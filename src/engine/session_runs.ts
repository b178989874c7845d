/** Which strategy runs on which consumer. */
import type { GatewayToMain, RunInfo } from "../protocol.ts";
import { RECEIVERS_MAX } from "./producer.ts";
import type { SessionOptions, StrategySetup } from "./session_options.ts";
import type { ConsumerLink } from "./session_workers.ts";

/** The runs of a session: those that go on, and what became of those that ended before it. */
export class SessionRuns {
  /** Those that go on, and those whose strategy was stopped. Followings look at it. */
  readonly current: RunInfo[] = [];
  /** Of a trader before: orders of theirs may still be told of. */
  before: readonly RunInfo[] = [];
  /** In whose place another has come. */
  readonly #replaced: RunInfo[] = [];
  /** Why strategies ended before the session, by run. */
  readonly #failures = new Map<number, string>();

  get all(): RunInfo[] {
    return [...this.#replaced, ...this.current];
  }

  of(consumer: number): RunInfo[] {
    return this.current.filter((run) => run.consumer === consumer);
  }

  nameOf(runId: number): string {
    const isIt = (run: RunInfo) => run.runId === runId;
    const run = this.all.find(isIt) ?? this.before.find(isIt);
    return run?.strategy ?? `run ${runId}`;
  }

  /** False: it has failed before. */
  fail(runId: number, reason: string): boolean {
    if (this.#failures.has(runId)) return false;
    this.#failures.set(runId, reason);
    return true;
  }

  /** Why its strategy was stopped; null: it was not. */
  failureOf(runId: number): string | null {
    return this.#failures.get(runId) ?? null;
  }

  hasFailed(runId: number): boolean {
    return this.#failures.has(runId);
  }

  /** `next` goes on in the place of `run`. */
  replace(run: RunInfo, next: RunInfo): void {
    this.current[this.current.indexOf(run)] = next;
    this.#replaced.push(run);
  }

  /** What the store is told at the session's end. */
  ends(endUs: number, reason: string): { algoRunId: number; endUs: number; endReason: string }[] {
    return this.current.map(({ runId }) => ({
      algoRunId: runId,
      endUs,
      endReason: this.#failures.get(runId) ?? reason,
    }));
  }
}

/** Strategies of each consumer: those without grants share `consumers` of them, each other grant has one of its own. */
export function consumerGroups(
  { strategies, consumers }: Pick<SessionOptions, "strategies" | "consumers">,
): StrategySetup[][] {
  const byGrant = Map.groupBy(strategies, ({ netHosts }) => JSON.stringify(netHosts.toSorted()));
  const shared = byGrant.get("[]") ?? [];
  byGrant.delete("[]");
  // One receiver of the producer is the gateway.
  const room = Math.max(1, Math.min(consumers, RECEIVERS_MAX - 1 - byGrant.size));
  const groups = Array.from({ length: shared.length > 0 ? room : 0 }, () => shared);
  return [...groups, ...byGrant.values()];
}

/** What the plan grants to user code, for the user to see. */
export function grantTexts(
  { strategies, scanners }: Pick<SessionOptions, "strategies" | "scanners">,
): string[] {
  return [...scanners, ...strategies].filter(({ netHosts }) => netHosts.length > 0)
    .map(({ source, netHosts }) => `${source.name} may reach ${netHosts.join(", ")}`);
}

/**
 * A row of algo_run per strategy and consumer; a strategy over a collection has one consumer, the last for the first
 * such strategy, so that it seldom shares one with the first symbols.
 */
export async function startRuns(
  { environment, buildNumber, batchId, store, refRuns = {}, refOf = () => null }:
    & Pick<SessionOptions, "environment" | "buildNumber" | "batchId">
    & {
      store: Pick<SessionOptions["store"], "startRun">;
      refRuns?: Readonly<Record<string, number>>;
      /** The run that this one carries on with. */
      refOf?(strategy: string, consumer: number): number | null;
    },
  consumers: readonly Pick<ConsumerLink, "index" | "traits">[],
  startUs: number,
): Promise<{ runs: RunInfo[]; collections: string[] }> {
  const runs: RunInfo[] = [];
  const collections: string[] = [];
  for (const { index, traits } of consumers) {
    for (const { name: strategy, isCreated, runsAll, dayTrade, parameters } of traits) {
      if (!isCreated) continue;
      if (runsAll) {
        if (!collections.includes(strategy)) collections.push(strategy);
        const sharing = consumers.filter((one) => one.traits.some(({ name }) => name === strategy));
        const place = sharing.length - 1 - collections.indexOf(strategy) % sharing.length;
        if (sharing[place].index !== index) continue;
      }
      const runId = await store.startRun({
        algoName: strategy,
        environment,
        buildNumber,
        batchId,
        parameters,
        startUs,
        refAlgoRun: refRuns[strategy] ?? refOf(strategy, index),
      });
      runs.push({ runId, strategy, consumer: index, dayTrade });
    }
  }
  return { runs, collections };
}

/** What the account had before the session; null: nothing. */
export function heldText(
  { positions, openOrders }: Pick<
    Extract<GatewayToMain, { type: "ready" }>,
    "positions" | "openOrders"
  >,
): string | null {
  const list = positions.map(({ symbol, qty }) => `${qty} ${symbol}`);
  const orders = openOrders.length;
  if (orders > 0) list.push(`${orders} open order${orders === 1 ? "" : "s"}`);
  if (list.length === 0) return null;
  const last = list.pop()!;
  const what = list.length === 0 ? last : `${list.join(", ")} and ${last}`;
  const isOne = positions.length + orders === 1;
  const rest = isOne ? "it is not Liu's and is" : "they are not Liu's and are";
  return `The account already holds ${what}; ${rest} left alone`;
}
