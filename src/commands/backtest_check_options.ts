/** `--check` and what belongs to it. */
import { type Command as Commander, InvalidArgumentError } from "commander";
import { ConfigError } from "../util/errors.ts";

export const CUTS = 20;

export interface CheckOptions {
  check?: boolean;
  seed?: number;
  cuts?: number;
}

export function declareCheckOptions(command: Commander): Commander {
  return command
    .option("--check", "run it again on cut data: what knew the future, or lacks history?")
    .option("--cuts <N>", `with --check: times to cut the data at (default: ${CUTS})`, whole(1))
    .option("--seed <N>", "with --check: of the random times (default: a new one)", whole(0));
}

/** Throws ConfigError for options of a check that is not asked for. */
export function refuseWithoutCheck({ check, seed, cuts }: CheckOptions): void {
  if (check || (seed === undefined && cuts === undefined)) return;
  const name = seed === undefined ? "--cuts" : "--seed";
  throw new ConfigError(`Cannot use ${name} without --check: it says how to check`);
}

/** Of an option that takes a whole number. */
export function whole(min: number) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value < 2 ** 32) return value;
    throw new InvalidArgumentError(`It must be a whole number, ${min} or more.`);
  };
}
