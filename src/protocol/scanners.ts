/** Main ⇄ scanners. */
import type { Snapshot } from "../contracts/provider.ts";
import type { AssetClass } from "../model/asset.ts";
import type { BarColumns, BarScale } from "../model/bars.ts";
import type { PluginSource } from "./consumer.ts";
import type { ClockSetting, FailedMessage, LogMessage, SessionWindow } from "./shared.ts";

export interface ScannersStart {
  type: "start";
  main: MessagePort;
  scanners: PluginSource[];
  clock: ClockSetting;
  control: SharedArrayBuffer; // src/engine/control.ts
  hasNet: boolean; // as for consumers
}

export type MainToScanners =
  | ScannersStart
  | { type: "scan"; id: number; scanner: string; timeUs: number; window: SessionWindow }
  | { type: "snapshots"; id: number; snapshots: Snapshot[]; shortable: string[] }
  | { type: "bars"; id: number; bars: Map<string, BarColumns> }
  | { type: "symbols"; id: number; symbols: string[] }
  | { type: "error"; id: number; message: string }
  | { type: "stop" };

export type ScannersToMain =
  | { type: "ready"; scanners: { name: string; fromMarketOpen: number }[] }
  | { type: "picked"; id: number; symbols: string[] }
  | { type: "scanFailed"; id: number; message: string; stack: string }
  | { type: "wantSnapshots"; id: number; symbols: string[] | null; timeUs: number }
  | {
    type: "wantBars";
    id: number;
    symbols: string[];
    scale: BarScale;
    count: number;
    timeUs: number;
  }
  | { type: "wantSymbols"; id: number; assetClass: AssetClass | null }
  | { type: "stopped" }
  | LogMessage
  | FailedMessage;
