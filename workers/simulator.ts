/** The isolate of a simulated exchange: its port and its data files. Wiring only. */
import type { FromSimulatorWorker, ToSimulatorWorker } from "../src/simulator/options.ts";
import { type Simulator, startSimulator } from "../src/simulator/server.ts";
import { ConfigError } from "../src/util/errors.ts";

let simulator: Simulator | null = null;

function tell(message: FromSimulatorWorker): void {
  self.postMessage(message);
}

self.onmessage = async ({ data }: MessageEvent<ToSimulatorWorker>) => {
  switch (data.type) {
    case "start":
      try {
        simulator = await startSimulator(data.options);
        tell({ type: "ready", baseUrl: simulator.baseUrl, summary: simulator.summary });
      } catch (error) {
        const wrongUsage = error instanceof ConfigError;
        tell({ type: "failed", message: (error as Error).message, wrongUsage });
      }
      return;
    case "close":
      await simulator?.close();
      tell({ type: "closed" });
      return;
    default:
      return data satisfies never;
  }
};
