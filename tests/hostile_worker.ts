// A worker as user code finds it, for the hostile cases: no permissions, locked down, then user
// code.
import * as liu from "liu";
import { loadUserModule } from "../src/sandbox/load_user_module.ts";
import { lockdown } from "../src/sandbox/lockdown.ts";
import type { FromHostileWorker, ToHostileWorker } from "./hostile_cases.ts";

type Attempts = Record<string, () => unknown>;

const first = Promise.withResolvers<MessagePort>();
self.onmessage = (event: MessageEvent<MessagePort>) => first.resolve(event.data);
const port = await first.promise;
self.onmessage = null;
const send = (message: FromHostileWorker) => port.postMessage(message);

/** 2022-01-03 14:30 UTC. */
const MARKET_TIME_US = 1_641_220_200_000_000;
lockdown({
  nowUs: () => MARKET_TIME_US,
  random: () => 0.25,
  log: (level, text) => send({ type: "log", level, text }),
  rejected: () => send({ type: "log", level: "error", text: "rejected" }),
  shared: [liu],
});

async function load(message: ToHostileWorker & { type: "load" }): Promise<Attempts> {
  const { bundle, stopFlag } = message;
  const Loaded = await loadUserModule({ bundle, base: liu.Strategy, stopFlag });
  const statics = Loaded as unknown as Record<string, Attempts>;
  return statics.attempts ?? statics.honest ?? statics.spins;
}

/** What the attempt came to, as a text: "true" where it got somewhere. */
async function outcome(attempt: () => unknown): Promise<string> {
  try {
    const result = await attempt();
    return result === true || result === false || result === undefined
      ? String(result === true)
      : `true (${typeof result} ${String(result)})`;
  } catch (error) {
    return `threw ${(error as Error)?.constructor?.name ?? typeof error}`;
  }
}

const loaded = new Map<string, Attempts>();
port.onmessage = async ({ data }: MessageEvent<ToHostileWorker>) => {
  switch (data.type) {
    case "load":
      loaded.set(data.bundle.id, await load(data));
      return send({ type: "loaded", names: Object.keys(loaded.get(data.bundle.id)!) });
    case "attempt": {
      send({ type: "started" });
      return send({ type: "outcome", outcome: await outcome(loaded.get(data.id)![data.name]) });
    }
    default:
      return data satisfies never;
  }
};
