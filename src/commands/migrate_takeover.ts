/** `liu migrate --from-liualgotrader`: what it asks, does and tells. */
import type { Host } from "../contracts/command.ts";
import { migrate } from "../store/store.ts";
import { type TableTaken, type TakeOver, takeOver } from "../store/takeover/take_over.ts";
import { logger } from "../util/log.ts";
import { table } from "../util/table.ts";
import { confirmed } from "./confirm.ts";
import { startSettings } from "./settings.ts";
import { ensureDataFolder } from "./store.ts";

export interface TakeOverCli {
  dryRun?: boolean;
  yes?: boolean;
  zone?: string;
  environment: "PAPER" | "PROD";
  json?: boolean;
}

/** Rehearses, asks, and does it. Throws ConfigError, OperationError. */
export async function takeOverDatabase(cli: TakeOverCli, host: Host): Promise<number> {
  const { settings } = startSettings(host);
  await ensureDataFolder(settings);
  const database = {
    dsn: settings.dsn?.reveal() ?? null,
    dataDir: settings.dataFolder,
    log: logger("store"),
  };
  const options = { ...database, zone: cli.zone ?? null, environment: cli.environment };
  const told = async (isRehearsal: boolean) => {
    if (host.isErrTerminal) host.err("Copying and comparing each row …\n");
    return await takeOver({ ...options, isRehearsal });
  };
  if (cli.dryRun || !cli.yes) {
    const rehearsed = await told(true);
    if (rehearsed === "done") return toldDone(await migrate(database), cli, host);
    if (cli.dryRun && cli.json) host.out(JSON.stringify({ dryRun: true, ...rehearsed }) + "\n");
    else host.out(planText(rehearsed, host, settings.hasColors));
    if (cli.dryRun) {
      if (!cli.json) host.out("Nothing was changed. Without --dry-run the same is done.\n");
      return 0;
    }
    if (!await confirmed("Take the database over?", host)) {
      host.err("Nothing was changed.\n");
      return 1;
    }
  }
  const taken = await told(false);
  if (taken === "done") return toldDone(await migrate(database), cli, host);
  if (cli.json) host.out(JSON.stringify({ dryRun: false, ...taken }) + "\n");
  else host.out((cli.yes ? planText(taken, host, settings.hasColors) : "") + doneText(taken));
  return 0;
}

function toldDone({ applied }: { applied: string[] }, cli: TakeOverCli, host: Host): number {
  if (cli.json) host.out(JSON.stringify({ alreadyTakenOver: true, applied }) + "\n");
  else {
    host.out(
      "The database was taken over before" +
        (applied.length > 0 ? `; applied ${applied.join(", ")}.\n` : ": nothing to do.\n"),
    );
  }
  return 0;
}

function planText({ zone, schema, tables }: TakeOver, host: Host, hasColors: boolean): string {
  const rows = tables.filter(({ found }) => found > 0).map(({ table, found, taken }) => [
    table,
    String(found),
    String(taken),
    found === taken ? "–" : String(found - taken),
  ]);
  const told = tables.flatMap(notes);
  return table(["table", "rows", "taken over", "left out"], rows, {
    width: host.columns(),
    hasColors,
  }) + (told.length === 0 ? "" : `\n${told.join("\n")}\n`) +
    `\nTimes without a zone are read as ${zone}'s (--zone says otherwise).\n` +
    `The old tables are kept as they are, in the schema ${schema}.\n`;
}

function notes({ table, leftOut, changed }: TableTaken): string[] {
  return [
    ...leftOut.map(({ why, rows }) => `${table}: ${rows} left out: ${why}`),
    ...changed.map(({ why, rows }) => `${table}: ${rows} ${why}`),
  ];
}

function doneText({ schema }: TakeOver): string {
  return "Taken over: each row was compared with what it was.\n" +
    `What was there is in the schema ${schema}, until you remove it: ` +
    `drop schema ${schema} cascade\n` +
    "Next: liu batch list\n";
}
