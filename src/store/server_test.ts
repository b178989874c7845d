/** What only a server can do: be away, come back, refuse. */
import assert from "node:assert/strict";
import { connect, createServer, type Server, type Socket } from "node:net";
import { ConfigError } from "../util/errors.ts";
import { openStore } from "./store.ts";
import { MemoryLog, startBatch, TestDatabases, tradeRecords } from "./test_databases.ts";

const databases = new TestDatabases();

databases.server("what is written while it is away is stored when it is back, in order", async (
  { dsn, dataDir, log },
) => {
  const line = await Line.to(dsn);
  const store = await openStore({ dsn: line.dsn, dataDir, log });
  const { batchId, algoRunId } = await startBatch(store);
  store.write(tradeRecords(algoRunId, 0, 10));
  await store.flush();
  await line.cut();
  store.write(tradeRecords(algoRunId, 10, 20));
  await assert.rejects(store.flush(), { name: "RetryableError", message: /Cannot reach/ });
  store.write(tradeRecords(algoRunId, 20, 30));
  await assert.rejects(store.flush(), { name: "RetryableError" });
  await assert.rejects(startBatch(store), { name: "RetryableError" });
  await line.mend();
  store.write(tradeRecords(algoRunId, 30, 40));
  await store.flush();
  assert.deepEqual(
    (await store.trades(batchId)).map((row) => Number(row.qty)),
    Array.from({ length: 40 }, (_, i) => i + 1),
  );
  await store.close();
  await line.cut();
});

databases.server("a connection cut at any byte loses and doubles nothing", async (
  { dsn, dataDir, log },
) => {
  const line = await Line.to(dsn);
  const store = await openStore({ dsn: line.dsn, dataDir, log });
  const { batchId, algoRunId } = await startBatch(store);
  for (let round = 0; round < 20; round++) {
    line.cutAfterBytes(1 + round * round * 137);
    store.write(tradeRecords(algoRunId, round * 100, round * 100 + 100));
    // Whether this attempt is the one that is cut is chance.
    await store.flush().catch(() => {});
  }
  line.cutAfterBytes(Infinity);
  await store.flush();
  assert.deepEqual(
    (await store.trades(batchId)).map((row) => Number(row.qty)),
    Array.from({ length: 2000 }, (_, i) => i + 1),
  );
  await store.close();
  await line.cut();
});

databases.server(
  "connections that the server ends are opened anew",
  async ({ dsn, open, connect: bare }) => {
    const store = await open();
    const admin = bare();
    const { batchId, algoRunId } = await startBatch(store);
    for (let round = 0; round < 5; round++) {
      store.write(tradeRecords(algoRunId, round * 100, round * 100 + 100));
      const [flushed] = await Promise.allSettled([
        store.flush(),
        admin.run((sql) =>
          sql`select count(pg_terminate_backend(pid)) from pg_stat_activity
             where datname = ${new URL(dsn).pathname.slice(1)} and pid <> pg_backend_pid()`
        ),
      ]);
      assert.equal(flushed.status, "fulfilled");
      assert.equal((await store.trades(batchId)).length, round * 100 + 100);
    }
    await admin.close();
    await store.close();
  },
);

databases.server("what waits in the spool at the end is stored at the next start", async (
  { dsn, dataDir, log },
) => {
  const line = await Line.to(dsn);
  const store = await openStore({ dsn: line.dsn, dataDir, log });
  const { batchId, algoRunId } = await startBatch(store);
  await line.cut();
  store.write(tradeRecords(algoRunId, 0, 3000));
  await store.close();
  await line.mend();
  const again = await openStore({ dsn: line.dsn, dataDir, log });
  await again.flush();
  assert.deepEqual(
    (await again.trades(batchId)).map((row) => Number(row.qty)),
    Array.from({ length: 3000 }, (_, i) => i + 1),
  );
  await again.close();
  await line.cut();
});

databases.server(
  "a wrong password and a missing database are told apart, without the password",
  async (
    { dsn, dataDir },
  ) => {
    const check = async (change: (url: URL) => void, expected: RegExp) => {
      const url = new URL(dsn);
      change(url);
      const log = new MemoryLog();
      await assert.rejects(openStore({ dsn: url.href, dataDir, log }), (error: Error) => {
        assert.equal(error.name, "OperationError");
        assert.match(error.message, expected);
        const told = Deno.inspect(error) + log.lines.join("\n");
        assert.ok(!told.includes(url.password), "the password must not be told");
        return true;
      });
    };
    await check((url) => url.password = "s3cret-wrong", /Cannot log in .* as "\w+".*password/);
    await check(
      (url) => url.pathname = "/no_such_db",
      /"no_such_db" at .* does not exist.*createdb/,
    );
  },
);

Deno.test("an unreachable server is named by host, port, database, not the password", async () => {
  const server = createServer();
  const port = await listen(server, 0);
  await new Promise((resolve) => server.close(resolve));
  const dsn = `postgres://liu:s3cret@127.0.0.1:${port}/trades`;
  const dataDir = await Deno.makeTempDir();
  const log = new MemoryLog();
  await assert.rejects(openStore({ dsn, dataDir, log }), (error: Error) => {
    assert.equal(error.name, "OperationError");
    assert.match(error.message, new RegExp(`"trades" at 127.0.0.1:${port}: nothing listens`));
    assert.ok(!(Deno.inspect(error) + log.lines.join()).includes("s3cret"));
    return true;
  });
  await Deno.remove(dataDir, { recursive: true });
});

Deno.test("a DSN that can't be read is wrong configuration, and isn't repeated", async () => {
  for (
    const dsn of ["", "s3cret", "mysql://u:s3cret@h/d", "postgres://u:s3cret@h", "postgres:///d"]
  ) {
    await assert.rejects(openStore({ dsn, dataDir: "/nowhere", log: new MemoryLog() }), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.ok(!Deno.inspect(error).includes("s3cret"));
      return true;
    });
  }
});

/** A line to a server that can be cut. */
class Line {
  #sockets = new Set<Socket>();
  #bytesLeft = Infinity;
  #server: Server | null = null;
  #port = 0;

  private constructor(readonly target: URL) {}

  static async to(dsn: string): Promise<Line> {
    const line = new Line(new URL(dsn));
    await line.mend();
    return line;
  }

  get dsn(): string {
    const url = new URL(this.target);
    url.host = `127.0.0.1:${this.#port}`;
    return url.href;
  }

  /** Cuts all connections once, when so many bytes have gone to the server. */
  cutAfterBytes(bytes: number): void {
    this.#bytesLeft = bytes;
  }

  /** Cuts all connections, and lets in no more. */
  async cut(): Promise<void> {
    this.#server?.close();
    const closed = [...this.#sockets].map((socket) =>
      new Promise((resolve) => socket.once("close", resolve))
    );
    this.#cutConnections();
    await Promise.all(closed);
  }

  async mend(): Promise<void> {
    this.#server = createServer((socket) => this.#join(socket));
    this.#port = await listen(this.#server, this.#port);
  }

  #join(client: Socket): void {
    const server = connect(Number(this.target.port || 5432), this.target.hostname);
    for (const [from, to] of [[client, server], [server, client]]) {
      this.#sockets.add(from);
      from.on("error", () => {});
      from.on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
    client.on("data", (bytes) => {
      this.#bytesLeft -= bytes.length;
      if (this.#bytesLeft > 0) server.write(bytes);
      else {
        this.#bytesLeft = Infinity;
        this.#cutConnections();
      }
    });
    server.on("data", (bytes) => client.write(bytes));
  }

  #cutConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return (server.address() as { port: number }).port;
}
