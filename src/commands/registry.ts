import type { Command } from "../contracts/command.ts";

export interface RegisteredCommand {
  /** For the list of commands: "verb object". */
  summary: string;
  /** Loads the command's file, and with it all that it needs, only when it is called. */
  load(): Promise<{ command: Command }>;
}

/** The subcommands, in the order of the list that `liu --help` shows. */
export const COMMANDS: Readonly<Record<string, RegisteredCommand>> = {
  demo: {
    summary: "trade one recorded day against the simulated exchange",
    load: () => import("./demo.ts"),
  },
  trader: {
    summary: "trade a session with the plan's strategies",
    load: () => import("./trader.ts"),
  },
  status: {
    summary: "show what a trader does, holds and lets through",
    load: () => import("./status.ts"),
  },
  kill: {
    summary: "let no order through any more, and stay so",
    load: () => import("./kill.ts"),
  },
  resume: {
    summary: "take liu kill back",
    load: () => import("./resume.ts"),
  },
  alerts: {
    summary: "try where problems are told",
    load: () => import("./alerts.ts"),
  },
  init: {
    summary: "write a plan, a strategy and a scanner to begin with",
    load: () => import("./init.ts"),
  },
  backtest: {
    summary: "try the plan's strategies on history",
    load: () => import("./backtest.ts"),
  },
  optimize: {
    summary: "search the parameters that did best on history",
    load: () => import("./optimize.ts"),
  },
  analyze: {
    summary: "show what a batch earned",
    load: () => import("./analyze.ts"),
  },
  batch: {
    summary: "list, show or delete batches",
    load: () => import("./batch.ts"),
  },
  run: {
    summary: "list runs: a strategy's part in a batch",
    load: () => import("./run.ts"),
  },
  data: {
    summary: "download, import, list or check history",
    load: () => import("./data.ts"),
  },
  miner: {
    summary: "run an off-hours job of miner.toml",
    load: () => import("./miner.ts"),
  },
  simulate: {
    summary: "serve a simulated exchange over recorded or generated data",
    load: () => import("./simulate.ts"),
  },
  migrate: {
    summary: "bring the database to this version",
    load: () => import("./migrate.ts"),
  },
};
