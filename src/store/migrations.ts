/**
 * The list of migrations, oldest first. A new one is a new file and a new line here; a released
 * file is never changed: its checksum is in every database it was applied to.
 */

export interface Migration {
  /** Its place in the list, from 1. */
  version: number;
  name: string;
  sql: string;
}

const NAMES = [
  "0001_tables.sql",
  "0002_account_balance.sql",
  "0003_optimizer.sql",
  "0007_reports.sql",
];

/** Where the files are: beside the sources, or inside the compiled binary. */
export const MIGRATIONS_URL: URL = new URL("../../migrations/", import.meta.url);

export async function readMigrations(folder: URL = MIGRATIONS_URL): Promise<Migration[]> {
  return await Promise.all(NAMES.map(async (name, index) => ({
    version: index + 1,
    name,
    sql: await Deno.readTextFile(new URL(name, folder)),
  })));
}
