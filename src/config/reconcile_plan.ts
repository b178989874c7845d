import { z } from "zod";
import type { ReconcilePeriods } from "../model/reconcile_periods.ts";
import { must } from "./must.ts";
import type { TomlFile } from "./toml_file.ts";

const SECONDS_MAX = 3600;
const seconds = must(
  z.union([z.literal(0), z.number().min(1).max(SECONDS_MAX)]).transform((s) =>
    Math.round(s * 1000)
  ),
  `seconds from 1 to ${SECONDS_MAX}, or 0: never`,
);

const RECONCILE = z.object({
  in_flight: seconds.default(5000),
  open_orders: seconds.default(30_000),
  positions: seconds.default(60_000),
});

/** Reads the [reconcile] table; what is missing has its default. Problems are noted in `toml`. */
export function readReconcilePlan(toml: TomlFile, value: unknown): ReconcilePeriods {
  const path = ["reconcile"];
  const table = toml.table(value, path);
  toml.unknownKeys(table, Object.keys(RECONCILE.shape), path);
  const read = toml.read(RECONCILE, table, path) ?? RECONCILE.parse({});
  return {
    inFlightMs: read.in_flight,
    openOrdersMs: read.open_orders,
    positionsMs: read.positions,
  };
}
