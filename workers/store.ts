/** The isolate of the store: the only one that speaks to the database. Wiring only. */
import process from "node:process";
import type { Store } from "../src/contracts/store.ts";
import { MineAccess } from "../src/store/mine/access.ts";
import { serveMine } from "../src/store/mine/port.ts";
import { openStore } from "../src/store/store.ts";
import {
  serveStore,
  type StoreWorkerEvent,
  type StoreWorkerRequest,
  toPortError,
} from "../src/store/store_port.ts";
import type { StoreTrouble } from "../src/store/writer.ts";

// The database's client library reads PGPASSWORD and the like; in this isolate all that counts is
// in the start message, and reading the environment is forbidden.
process.env = {};

let store: Store | null = null;
let started: { dsn: string | null; dataDir: string } | null = null;
const mining: MineAccess[] = [];
const log = { info: logAt("info"), warn: logAt("warn"), error: logAt("error") };

function tell(event: StoreWorkerEvent): void {
  self.postMessage(event);
}

function logAt(level: "info" | "warn" | "error"): (message: string) => void {
  return (message) => tell({ type: "log", level, message });
}

async function start(dsn: string | null, dataDir: string, readOnly: boolean): Promise<void> {
  try {
    const onTrouble = (trouble: StoreTrouble) => tell({ type: "trouble", trouble });
    store = await openStore({ dsn, dataDir, readOnly, log, onTrouble });
    started = { dsn, dataDir };
    tell({ type: "ready" });
  } catch (error) {
    tell({ type: "failed", error: toPortError(error) });
  }
}

self.onmessage = async ({ data }: MessageEvent<StoreWorkerRequest>) => {
  switch (data.type) {
    case "start":
      return await start(data.dsn, data.dataDir, data.readOnly);
    case "port":
      // Main gives ports out after "ready" only.
      if (store !== null) serveStore(store, data.port);
      return;
    case "minePort": {
      if (started === null) return;
      const access = new MineAccess({ ...started, log }, data.scope);
      mining.push(access);
      serveMine(access, data.port);
      return;
    }
    case "close":
      for (const access of mining) await access.close();
      await store?.close();
      tell({ type: "closed" });
      return;
    default:
      return data satisfies never;
  }
};
