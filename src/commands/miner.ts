import { InvalidArgumentError } from "commander";
import type { MinerPlan, MinerSection } from "../config/miner_plan.ts";
import { readMinerPlan } from "../config/miner_plan.ts";
import { readPlanFile } from "../config/plan_file.ts";
import { readEnvironment, type Settings } from "../config/environment.ts";
import type { Command, Host } from "../contracts/command.ts";
import { resolveParams, snakeCase } from "../contracts/params.ts";
import { ABOUT, miners as builtins } from "../miners/registry.ts";
import { sessionOf } from "../model/calendar.ts";
import { closest } from "../util/closest.ts";
import { ConfigError } from "../util/errors.ts";
import { table } from "../util/table.ts";
import { lastRun } from "./miner_lock.ts";
import { mine } from "./miner_run.ts";
import { builtinOf } from "./plan_sources.ts";

export const command: Command = {
  examples: [
    { line: "liu miner daily_ohlc", does: "run [miners.daily_ohlc] of miner.toml, as cron does" },
    { line: "liu miner --list", does: "Liu's miners, those of miner.toml, and when they last ran" },
    { line: "liu miner gainloss --date 2022-01-03", does: "for an earlier day" },
    { line: "liu miner daily_ohlc --dry-run", does: "all of it, but for what it would store" },
  ],

  configure(command) {
    command.argument("[NAME]", "a section [miners.NAME]")
      .option("--config <FILE>", "default: miner.toml in TRADEPLAN_DIR, or here")
      .option("--date <DATE>", "the exchange date to mine for (default: its last session)", dateOf)
      .option("--dry-run", "store nothing in the database")
      .option("--list", "show what miners there are")
      .option("--json", "print one JSON object");
  },

  async run({ operands: [name], options }, host) {
    const settings = readEnvironment(host.env, host.cwd);
    if (options.list) {
      if (name !== undefined) throw new ConfigError("Cannot list one miner: liu miner --list");
      const plan = await planOf(options.config, settings, host, { mayLack: true });
      host.out(
        options.json ? await listJson(plan, settings) : await listText(plan, settings, host),
      );
      return;
    }
    if (name === undefined) {
      throw new ConfigError(
        "Cannot tell which miner: liu miner NAME (liu miner --list shows them)",
      );
    }
    const mayLack = options.config === undefined && builtinOf(name, builtins) !== undefined;
    const plan = await planOf(options.config, settings, host, { mayLack });
    const section = plan === null ? withDefaults(name) : sectionOf(plan, name);
    return await mine({
      plan: plan ?? { file: "miner.toml", folder: host.cwd, miners: [], warnings: [] },
      section,
      tables: section.tables ?? tablesOf(section),
      date: options.date ?? null,
      isDryRun: options.dryRun ?? false,
      isJson: options.json ?? false,
    }, host);
  },
};

/** Throws InvalidArgumentError. */
function dateOf(text: string): string {
  try {
    sessionOf(text);
    return text;
  } catch {
    throw new InvalidArgumentError("It must be an exchange date, such as 2022-01-03.");
  }
}

async function planOf(
  named: string | undefined,
  settings: Settings,
  host: Host,
  { mayLack }: { mayLack: boolean },
): Promise<MinerPlan | null> {
  try {
    const { planFolder: folder } = settings;
    const { text, path, file } = await readPlanFile({
      named,
      folder,
      cwd: host.cwd,
      name: "miner.toml",
    });
    return readMinerPlan(text, path, file);
  } catch (error) {
    const isMissing = error instanceof ConfigError && error.cause instanceof Deno.errors.NotFound;
    if (mayLack && isMissing && named === undefined) return null;
    throw error;
  }
}

function sectionOf({ miners, file }: MinerPlan, name: string): MinerSection {
  const section = miners.find((one) => one.name === name);
  if (section !== undefined) return section;
  const names = miners.map((one) => one.name);
  const meant = closest(name, names);
  const isBuiltin = builtinOf(name, builtins) !== undefined;
  throw new ConfigError(
    `Cannot run the miner "${name}": ${file} has ${names.join(", ")}` +
      (meant ? `; did you mean "${meant}"?` : "") +
      (isBuiltin ? ` It is one of Liu's own: add [miners.${name}] there` : ""),
  );
}

/** Of one of Liu's own, where there is no miner.toml. */
function withDefaults(name: string): MinerSection {
  const text = `[miners.${name}]\n`;
  return readMinerPlan(text, "/miner.toml", "miner.toml").miners[0]!;
}

function tablesOf({ name, filename }: MinerSection): string[] {
  if (filename !== null) return [];
  const builtin = builtinOf(name, builtins) as keyof typeof ABOUT | undefined;
  return builtin === undefined ? [] : ABOUT[builtin].tables;
}

async function builtinRows() {
  return await Promise.all(
    Object.entries(builtins).map(async ([name, load]) => {
      const { params } = (await load()).default;
      const { values } = resolveParams(params, {});
      const { does, tables } = ABOUT[name as keyof typeof ABOUT];
      return {
        name,
        does,
        tables,
        parameters: Object.fromEntries(
          Object.entries(values).map(([key, value]) => [snakeCase(key), value]),
        ),
      };
    }),
  );
}

async function sectionRows(plan: MinerPlan | null, settings: Settings) {
  return await Promise.all((plan?.miners ?? []).map(async (section) => ({
    name: section.name,
    filename: section.filename,
    tables: section.tables ?? tablesOf(section),
    hosts: section.netHosts,
    last: await lastRun(settings, section.name),
  })));
}

async function listJson(plan: MinerPlan | null, settings: Settings): Promise<string> {
  const own = await sectionRows(plan, settings);
  return JSON.stringify({ builtin: await builtinRows(), file: plan?.file ?? null, miners: own }) +
    "\n";
}

async function listText(
  plan: MinerPlan | null,
  settings: Settings,
  host: Host,
): Promise<string> {
  const width = host.isOutTerminal ? Math.max(host.columns(), 80) : Infinity;
  const rows = (await builtinRows()).map((
    { name, does, tables },
  ) => [name, does, tables.join(", ")]);
  const own = await sectionRows(plan, settings);
  const options = { width, hasColors: false };
  const builtin = table(["built in", "does", "writes"], rows, options);
  if (own.length === 0) return `${builtin}\nThere is no miner.toml here: liu init writes one.\n`;
  const lines = own.map(({ name, filename, tables, last }) => [
    name,
    filename === null ? "built in" : filename.replace(`${plan!.folder}/`, ""),
    tables.join(", ") || "nothing",
    last === null
      ? "never"
      : `${last.endedAt.slice(0, 16)}Z ${last.error === null ? "" : "failed"}`,
    last?.date ?? "",
  ]);
  const head = [plan!.file, "is", "writes", "last run", "of date"];
  return `${builtin}\n${table(head, lines, options)}`;
}
