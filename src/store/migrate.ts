/**
 * Brings a database to this program's version, forward only.
 * Invariant: each migration is applied once and whole, whoever else starts at the same time.
 */
import { OperationError } from "../util/errors.ts";
import type { Database } from "./database.ts";
import { constraintOf } from "./database_error.ts";
import type { Migration } from "./migrations.ts";

/** Any number will do, so long as all of Liu's programs use the same. */
const MIGRATION_LOCK_KEY = 7_104_117;

/** Applies what is missing, one transaction a migration; gives the names of what it applied. */
export async function applyMigrations(
  database: Database,
  migrations: Migration[],
): Promise<string[]> {
  const applied: string[] = [];
  await refuseForeignTables(database);
  await prepare(database);
  for (;;) {
    const done = await appliedVersions(database);
    await checkApplied(done, migrations);
    const next = migrations[done.length];
    if (next === undefined) return applied;
    if (await applyOne(database, next)) applied.push(next.name);
  }
}

/** For those who may not write: throws where the database isn't at this program's version. */
export async function checkMigrated(database: Database, migrations: Migration[]): Promise<void> {
  const [{ present }] = await database.run((sql) =>
    sql<{ present: boolean }[]>`select to_regclass('liu_migration') is not null as present`
  );
  const done = present ? await appliedVersions(database) : [];
  await checkApplied(done, migrations);
  if (done.length < migrations.length) {
    throw new OperationError(
      `Cannot read the database: it is at version ${done.length} of ${migrations.length}. ` +
        `Run: liu migrate`,
    );
  }
}

interface AppliedRow {
  version: number;
  name: string;
  checksum: string;
}

// Several statements sent as one message without parameters are one transaction. The lock is the
// transaction's: a program that dies in it leaves none behind.
const LOCK = `select pg_advisory_xact_lock(${MIGRATION_LOCK_KEY});`;

export const MIGRATIONS_TABLE = `${LOCK}
  create table if not exists liu_migration (
    version integer primary key,
    name text not null,
    checksum text not null,
    applied_tstamp timestamptz not null default now()
  );`;

async function prepare(database: Database): Promise<void> {
  await database.run((sql) => sql.unsafe(MIGRATIONS_TABLE));
}

/** One migration with its row in liu_migration, as a message or part of one. */
export async function migrationStatement(migration: Migration): Promise<string> {
  const { version, name, sql: text } = migration;
  return `
    insert into liu_migration (version, name, checksum)
      values (${version}, ${quoted(name)}, ${quoted(await checksum(text))});
    ${text}`;
}

/** false where another program applied it first: its row is there. */
async function applyOne(database: Database, migration: Migration): Promise<boolean> {
  const statement = await migrationStatement(migration);
  try {
    await database.run((sql) => sql.unsafe(`${LOCK}${statement}`));
    return true;
  } catch (error) {
    if (constraintOf(error) === "liu_migration_pkey") return false;
    throw error;
  }
}

async function appliedVersions(database: Database): Promise<AppliedRow[]> {
  return await database.run((sql) =>
    sql<AppliedRow[]>`select version, name, checksum from liu_migration order by version`
  );
}

async function checkApplied(done: AppliedRow[], migrations: Migration[]): Promise<void> {
  if (done.length > migrations.length) {
    throw new OperationError(
      `Cannot use the database: it is at version ${done.length}, made by a newer liu; this one ` +
        `knows versions up to ${migrations.length}. Update liu.`,
    );
  }
  for (const [index, row] of done.entries()) {
    const migration = migrations[index];
    if (row.version === migration.version && row.checksum === await checksum(migration.sql)) {
      continue;
    }
    throw new OperationError(
      `Cannot use the database: migration ${row.name} was applied with another content than ` +
        `${migration.name} has now. Restore that file; a change is a new migration.`,
    );
  }
}

async function refuseForeignTables(database: Database): Promise<void> {
  const [{ foreign }] = await database.run((sql) =>
    sql<{ foreign: boolean }[]>`
      select to_regclass('liu_migration') is null
         and to_regclass('algo_run') is not null as foreign`
  );
  if (!foreign) return;
  throw new OperationError(
    "Cannot migrate the database: it already holds a table algo_run that liu did not make. " +
      "If it is LiuAlgoTrader's, take it over: liu migrate --from-liualgotrader --dry-run. " +
      "Else give liu a database of its own in DSN.",
  );
}

async function checksum(text: string): Promise<string> {
  // A checkout with other line ends is the same migration.
  const bytes = new TextEncoder().encode(text.replaceAll("\r\n", "\n"));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
