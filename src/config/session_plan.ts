import { z } from "zod";
import { must } from "./must.ts";
import type { TomlFile } from "./toml_file.ts";

/** How a live session takes what goes wrong, and how it ends: the plan's [session] table. */
export interface SessionPlan {
  /**
   * What becomes of orders and positions when the trader is stopped. "keep": they stay; "cancel":
   * orders are cancelled, but for what protects positions; "flatten": positions are closed too.
   */
  onStop: "keep" | "cancel" | "flatten";
  /** What becomes of the positions of a strategy that is stopped for what it did. */
  onFailure: OnFailure;
  /** The heap that the strategies of a consumer may fill together, MB (10⁶ bytes). */
  memoryMb: number;
  /** Seconds without the database after which nothing is opened any more. */
  databaseSeconds: number;
}

export type OnFailure = "keep" | "flatten";

export const onFailure = must(z.enum(["keep", "flatten"]), '"keep" or "flatten"');

const SESSION = z.object({
  on_stop: must(z.enum(["keep", "cancel", "flatten"]), '"keep", "cancel" or "flatten"')
    .default("cancel"),
  on_failure: onFailure.default("keep"),
  memory_mb: must(z.number().min(64).max(16_384), "MB from 64 to 16384").default(1024),
  database_seconds: must(z.number().min(0), "seconds ≥ 0").default(60),
});

/** Reads the [session] table; what is missing has its default. Problems are noted in `toml`. */
export function readSessionPlan(toml: TomlFile, value: unknown): SessionPlan {
  const path = ["session"];
  const table = toml.table(value, path);
  toml.unknownKeys(table, Object.keys(SESSION.shape), path);
  const read = toml.read(SESSION, table, path) ?? SESSION.parse({});
  return {
    onStop: read.on_stop,
    onFailure: read.on_failure,
    memoryMb: read.memory_mb,
    databaseSeconds: read.database_seconds,
  };
}
