/**
 * Brings a database to this program's version, forward only.
 * Invariant: each migration is applied once and whole, whoever else starts at the same time.
 */
import { OperationError } from "../util/errors.ts";
import type { Sql, Transaction } from "./database.ts";
import type { Migration } from "./migrations.ts";

/** Any number will do, so long as all of Liu's programs use the same. */
const MIGRATION_LOCK_KEY = 7_104_117;

/** Applies what is missing, one transaction a migration; gives the names of what it applied. */
export async function applyMigrations(sql: Sql, migrations: Migration[]): Promise<string[]> {
  const applied: string[] = [];
  for (;;) {
    const name = await sql.begin((tx) => applyNext(tx, migrations));
    if (name === null) return applied;
    applied.push(name);
  }
}

/** For those who may not write: throws where the database isn't at this program's version. */
export async function checkMigrated(sql: Sql, migrations: Migration[]): Promise<void> {
  const [{ present }] = await sql<{ present: boolean }[]>`
    select to_regclass('liu_migration') is not null as present`;
  const done = present ? await appliedVersions(sql) : [];
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

async function applyNext(tx: Transaction, migrations: Migration[]): Promise<string | null> {
  // The lock is the transaction's: a program that dies here leaves none behind.
  await tx`select pg_advisory_xact_lock(${MIGRATION_LOCK_KEY}::bigint)`;
  await tx`
    create table if not exists liu_migration (
      version integer primary key,
      name text not null,
      checksum text not null,
      applied_tstamp timestamptz not null default now()
    )`;
  const done = await appliedVersions(tx);
  await checkApplied(done, migrations);
  if (done.length === 0) await refuseForeignTables(tx);
  const next = migrations[done.length];
  if (next === undefined) return null;
  await tx.unsafe(next.sql);
  await tx`
    insert into liu_migration (version, name, checksum)
    values (${next.version}, ${next.name}, ${await checksum(next.sql)})`;
  return next.name;
}

async function appliedVersions(sql: Sql | Transaction): Promise<AppliedRow[]> {
  return await sql<AppliedRow[]>`
    select version, name, checksum from liu_migration order by version`;
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

async function refuseForeignTables(tx: Transaction): Promise<void> {
  const [{ foreign }] = await tx<{ foreign: boolean }[]>`
    select to_regclass('algo_run') is not null as foreign`;
  if (!foreign) return;
  throw new OperationError(
    "Cannot migrate the database: it already holds a table algo_run that liu did not make. " +
      "Give liu a database of its own in DSN.",
  );
}

async function checksum(text: string): Promise<string> {
  // A checkout with other line ends is the same migration.
  const bytes = new TextEncoder().encode(text.replaceAll("\r\n", "\n"));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
