import assert from "node:assert/strict";
import { openStore } from "./store.ts";
import { MemoryLog, TestDatabases } from "./test_databases.ts";

const databases = new TestDatabases();
const NAME = "account-a-broker";

databases.server("of two traders with one database the second is refused", async (
  { dsn, dataDir, log },
) => {
  const first = await openStore({ dsn, dataDir: `${dataDir}/1`, log });
  const second = await openStore({ dsn, dataDir: `${dataDir}/2`, log: new MemoryLog() });
  try {
    assert.equal(await first.lockAccount(NAME), null);
    // It is its own, and may look again.
    assert.equal(await first.lockAccount(NAME), null);
    assert.match(await second.lockAccount(NAME) ?? "", /^at .+, since \d{4}-/);
    assert.equal(await second.lockAccount("account-b-broker"), null);
    await first.close();
    assert.equal(await second.lockAccount(NAME), null);
  } finally {
    await second.close();
  }
});

databases.server("who loses its session to the server finds the lock another's", async (
  { dsn, dataDir, log, connect },
) => {
  const first = await openStore({ dsn, dataDir: `${dataDir}/1`, log });
  const second = await openStore({ dsn, dataDir: `${dataDir}/2`, log: new MemoryLog() });
  const database = connect();
  try {
    assert.equal(await first.lockAccount(NAME), null);
    await database.run((sql) =>
      sql`
      select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'liu trader'
        and datname = current_database()`
    );
    assert.equal(await second.lockAccount(NAME), null);
    // The first question may find the broken connection; the next is asked on another.
    const holder = await first.lockAccount(NAME).catch(() => first.lockAccount(NAME));
    assert.match(holder ?? "", /^at .+, since /);
  } finally {
    await first.close();
    await second.close();
    await database.close();
  }
});
