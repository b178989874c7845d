/** Several processes at one database, and what is left when one of them dies. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { startBatch, TestDatabases, tradeRecords } from "../src/store/test_databases.ts";

const databases = new TestDatabases();

databases.each("what `write` took in outlives kill -9 in the next moment", async (
  { open, dataDir, dsn },
) => {
  const child = await Child.start(dataDir, dsn);
  const [batchId, algoRunId] = (await child.ask("start")).split(" ");
  await child.ask(`write ${algoRunId} 0 10`);
  await child.ask("flush");
  child.say(`write-and-die ${algoRunId} 10 5000`);
  await child.ended;
  const store = await open();
  await store.flush();
  assert.deepEqual(
    (await store.trades(batchId)).map((row) => Number(row.qty)),
    Array.from({ length: 5000 }, (_, i) => i + 1),
  );
  await store.close();
});

databases.each("two processes write to one database at the same time", async (
  { open, dataDir, dsn },
) => {
  const store = await open();
  const child = await Child.start(dataDir, dsn);
  const { batchId, algoRunId } = await startBatch(store);
  for (let i = 0; i < 20; i++) {
    store.write(tradeRecords(algoRunId, i * 20, i * 20 + 10));
    await child.ask(`write ${algoRunId} ${i * 20 + 10} ${i * 20 + 20}`);
  }
  await Promise.all([store.flush(), child.ask("flush")]);
  assert.equal(await child.ask(`count ${batchId}`), "400");
  assert.equal((await store.trades(batchId)).length, 400);
  await child.end();
  await store.close();
});

databases.embedded("another takes over where the owner is killed, nothing is lost", async (
  { open, dataDir },
) => {
  const owner = await Child.start(dataDir, null);
  const store = await open();
  const { batchId, algoRunId } = await startBatch(store);
  await owner.ask(`write ${algoRunId} 0 1000`);
  store.write(tradeRecords(algoRunId, 1000, 2000));
  owner.kill();
  store.write(tradeRecords(algoRunId, 2000, 3000));
  await owner.ended;
  store.write(tradeRecords(algoRunId, 3000, 3010));
  await store.flush();
  await storedInTime(() => store.trades(batchId), 3010);
  assert.deepEqual(
    (await store.trades(batchId)).map((row) => Number(row.qty)).toSorted((a, b) => a - b),
    Array.from({ length: 3010 }, (_, i) => i + 1),
  );
  await store.close();
});

databases.embedded("another takes over where the owner leaves, in the midst of writes", async (
  { open, dataDir },
) => {
  const owner = await open();
  const child = await Child.start(dataDir, null);
  const { batchId, algoRunId } = await startBatch(owner);
  owner.write(tradeRecords(algoRunId, 0, 1000));
  await child.ask(`write ${algoRunId} 1000 2000`);
  await owner.close();
  await child.ask(`write ${algoRunId} 2000 3000`);
  await child.ask("flush");
  assert.equal(await child.ask(`count ${batchId}`), "3000");
  await child.end();
});

databases.embedded("an idle process becomes the owner, so that others find one", async (
  { open, dataDir },
) => {
  const first = await Child.start(dataDir, null);
  const second = await Child.start(dataDir, null);
  const third = await open();
  first.kill();
  await first.ended;
  await startBatch(third);
  second.kill();
  await second.ended;
  await startBatch(third);
  await third.close();
});

databases.embedded("whoever doesn't know the token is not let in", async ({ open, dataDir }) => {
  const store = await open();
  const path = `${dataDir}/pg-owner.json`;
  const { port, token } = JSON.parse(Deno.readTextFileSync(path));
  assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
  const wrong = token.replace(/./g, (c: string) => c === "0" ? "1" : "0");
  const hellos = [
    `liu ${wrong} read-write\n`,
    `liu ${token}\n`,
    `liu ${token} superuser\n`,
    `liu  read-write\n`,
    "GET / HTTP/1.1\r\n",
  ];
  for (const hello of hellos) assert.equal(await say(port, hello), "refused\n");
  await store.close();
});

databases.embedded("a client that dies in a transaction leaves the database to others", async (
  { open, connect: connectBare, dataDir },
) => {
  const store = await open();
  const { port, token } = JSON.parse(Deno.readTextFileSync(`${dataDir}/pg-owner.json`));
  const socket = connect(port, "127.0.0.1");
  const created = Promise.withResolvers<void>();
  let answer = "";
  socket.on("data", (bytes) => {
    answer += bytes.toString("latin1");
    if (answer.includes("CREATE TABLE")) created.resolve();
  });
  socket.write(`liu ${token} read-write\n`);
  socket.write(message("", "\0\x03\0\0user\0postgres\0database\0postgres\0\0"));
  socket.write(message("Q", "begin\0"));
  socket.write(message("Q", "create table left_behind (a integer)\0"));
  await created.promise;
  const waiting = startBatch(store);
  socket.destroy();
  await waiting;
  const bare = connectBare();
  const [{ table }] = await bare.run((sql) => sql`select to_regclass('left_behind') as table`);
  assert.equal(table, null);
  await bare.close();
  await store.close();
});

/** A process with a store, that does what it is told. */
class Child {
  readonly ended: Promise<void>;
  readonly #process: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  private constructor(process: ChildProcess) {
    this.#process = process;
    this.#answers = createInterface({ input: process.stdout! })[Symbol.asyncIterator]();
    this.ended = new Promise((resolve) => process.once("close", () => resolve()));
  }

  static async start(dataDir: string, dsn: string | null): Promise<Child> {
    const script = fileURLToPath(new URL("./store_child.ts", import.meta.url));
    const config = fileURLToPath(new URL("../deno.json", import.meta.url));
    const args = ["run", "-A", "--no-check", "--config", config, script, dataDir];
    if (dsn !== null) args.push(dsn);
    const child = new Child(
      spawn(Deno.execPath(), args, { stdio: ["pipe", "pipe", "inherit"] }),
    );
    assert.equal(await child.#answer(), "open");
    return child;
  }

  say(line: string): void {
    this.#process.stdin!.write(`${line}\n`);
  }

  async ask(line: string): Promise<string> {
    this.say(line);
    return await this.#answer();
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }

  async end(): Promise<void> {
    assert.equal(await this.ask("close"), "closed");
    await this.ended;
  }

  async #answer(): Promise<string> {
    const { value, done } = await this.#answers.next();
    assert.ok(!done, "the other process has ended");
    return value;
  }
}

/** A message of PostgreSQL's protocol; the startup message has no type. */
function message(type: string, body: string): Uint8Array {
  const bytes = new Uint8Array(type.length + 4 + body.length);
  bytes.set(new TextEncoder().encode(type));
  new DataView(bytes.buffer).setUint32(type.length, 4 + body.length);
  bytes.set(new TextEncoder().encode(body), type.length + 4);
  return bytes;
}

/** All that the other end answers before it hangs up. */
function say(port: number, text: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(port, "127.0.0.1", () => socket.write(text));
  let answer = "";
  socket.on("data", (bytes) => answer += bytes);
  socket.on("error", reject);
  socket.on("close", () => resolve(answer));
  return promise;
}

/** Waits until so many executions are there: those of a dead process are stored by another one. */
async function storedInTime(read: () => Promise<unknown[]>, count: number): Promise<void> {
  const deadlineMs = performance.now() + 30_000;
  while ((await read()).length < count && performance.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
