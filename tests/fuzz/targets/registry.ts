import type { Target } from "../target.ts";
import { target as clients } from "./clients.ts";
import { target as csv } from "./csv.ts";
import { target as frames } from "./frames.ts";
import { target as history } from "./history.ts";
import { target as journal } from "./journal.ts";
import { faults, miners, tradeplan } from "./plans.ts";
import { target as rest } from "./rest.ts";
import { target as tradeUpdates } from "./sockets.ts";

export const targets: readonly Target[] = [
  frames,
  tradeUpdates,
  clients,
  rest,
  history,
  tradeplan,
  miners,
  faults,
  csv,
  journal,
];
