/** The kill switch on disk, and the endpoint of a trader that runs. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { OperationError } from "../util/errors.ts";
import { ControlClient } from "./control_client.ts";
import { startControlServer, TOKEN_HEADER } from "./control_server.ts";
import { killText, latchFiles, latchKill, liftKill, readKill } from "./kill_latch.ts";
import type { TraderControl, TraderStatus } from "./trader_control.ts";
import { findTraders, writeTraderFile } from "./trader_file.ts";

async function inFolder(run: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "liu-control-" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("fault 49: a kill is on disk until it is lifted", () =>
  inFolder((folder) => {
    const data = join(folder, "not", "there", "yet");
    assert.equal(readKill(data), null);
    liftKill(data);
    latchKill(data, { reason: "bad fills", flatten: true });
    const kill = readKill(data)!;
    assert.deepEqual([kill.reason, kill.flatten], ["bad fills", true]);
    assert.ok(Math.abs(kill.atMs! - Date.now()) < 60_000);
    assert.equal(killText(kill), "killed: bad fills. liu resume lifts it");
    latchKill(data, { reason: "again", flatten: false });
    assert.equal(readKill(data)?.reason, "again");
    liftKill(data);
    assert.equal(readKill(data), null);
  }));

Deno.test("fault 50: a kill switch that cannot be read counts as fired", () =>
  inFolder((folder) => {
    const [path, draft] = latchFiles(folder);
    const whole = JSON.stringify({ version: 1, atMs: 5, reason: "x", flatten: false });
    const damaged = ["", "{", whole.slice(0, -3), "null", "5", "{}", '{"version":2,"reason":"x"}'];
    for (const text of damaged) {
      Deno.writeTextFileSync(path, text);
      assert.match(readKill(folder)!.reason, /cannot be read .* counts as fired/, text);
    }
    Deno.removeSync(path);
    // It was being fired when the power went.
    Deno.writeTextFileSync(draft, whole.slice(0, 10));
    assert.match(readKill(folder)!.reason, /written in half/);
    liftKill(folder);
    assert.equal(readKill(folder), null);
    // No file at all.
    Deno.mkdirSync(path);
    assert.match(readKill(folder)!.reason, /counts as fired/);
    liftKill(folder);
    assert.equal(readKill(folder), null);
  }));

Deno.test("a trader is found by its file, which its owner alone can read; a dead one's is taken away", () =>
  inFolder((folder) => {
    assert.deepEqual(findTraders(folder), []);
    const address = { pid: 7, port: 1234, token: "secret", startedMs: 2 };
    const own = writeTraderFile(folder, address);
    const older = writeTraderFile(folder, { ...address, pid: 6, startedMs: 1 });
    assert.deepEqual(findTraders(folder).map(({ pid }) => pid), [6, 7]);
    if (Deno.build.os !== "windows") {
      const names = [...Deno.readDirSync(join(folder, "traders"))].map(({ name }) => name);
      for (const name of names.filter((name) => name.endsWith(".json"))) {
        assert.equal(Deno.statSync(join(folder, "traders", name)).mode! & 0o777, 0o600);
      }
    }
    older.remove();
    // As a process leaves them that was killed.
    const dead = join(folder, "traders", "dead");
    Deno.writeTextFileSync(`${dead}.json`, JSON.stringify(address));
    Deno.writeTextFileSync(`${dead}.lock`, "");
    assert.deepEqual(findTraders(folder).map(({ pid }) => pid), [7]);
    own.remove();
    assert.deepEqual([...Deno.readDirSync(join(folder, "traders"))], []);
  }));

const STATUS = { state: "halted", restrictions: [] } as unknown as TraderStatus;

async function withServer(
  run: (options: { folder: string; asked: string[]; problems: string[] }) => Promise<void>,
  control: Partial<Omit<TraderControl, "isKilled">> = {},
): Promise<void> {
  await inFolder(async (folder) => {
    const asked: string[] = [];
    const problems: string[] = [];
    const server = startControlServer({
      dataFolder: folder,
      onProblem: (text) => problems.push(text),
      control: {
        isKilled: false,
        kill: ({ reason, flatten }) => {
          // It is on disk before anything else.
          asked.push(`${reason} ${flatten} ${readKill(folder)?.reason}`);
          return Promise.resolve();
        },
        resume: () => Promise.resolve(STATUS),
        status: () => Promise.resolve(STATUS),
        ...control,
      },
    });
    try {
      await run({ folder, asked, problems });
    } finally {
      await server.close();
    }
    assert.deepEqual(findTraders(folder), []);
  });
}

Deno.test("a trader can be asked and killed by who can read its file", () =>
  withServer(async ({ folder, asked }) => {
    const [trader] = findTraders(folder);
    assert.equal(trader.pid, Deno.pid);
    const client = new ControlClient(trader);
    assert.deepEqual(await client.status(), STATUS);
    assert.deepEqual(await client.kill({ reason: "enough", flatten: true }), { latched: true });
    assert.deepEqual(asked, ["enough true enough"]);
    assert.deepEqual(await client.resume(), STATUS);
  }));

Deno.test("nobody else is let in: no other token, no page, no other name for this machine", () =>
  withServer(async ({ folder, asked }) => {
    const [{ port, token }] = findTraders(folder);
    const ask = async (
      headers: Record<string, string>,
      path = "/kill",
      host = "127.0.0.1",
    ): Promise<number> => {
      const reply = await fetch(`http://${host}:${port}${path}`, {
        method: "POST",
        headers,
        body: "{}",
      });
      await reply.body?.cancel();
      return reply.status;
    };
    const right = { [TOKEN_HEADER]: token };
    assert.equal(await ask({}), 401);
    assert.equal(await ask({ [TOKEN_HEADER]: token.slice(1) }), 401);
    assert.equal(
      await ask({ [TOKEN_HEADER]: token.replace(/^./, (c) => c === "0" ? "1" : "0") }),
      401,
    );
    assert.equal(await ask({ ...right, Origin: `http://127.0.0.1:${port}` }), 403);
    assert.equal(await ask({ ...right, Origin: "null" }), 403);
    // A name that somebody else's DNS points here.
    assert.equal(await ask(right, "/kill", "localhost"), 403);
    assert.equal(await ask(right, "/nothing"), 404);
    assert.deepEqual(asked, []);
    assert.equal(readKill(folder), null);
    assert.equal(await ask(right), 200);
    assert.deepEqual(asked, ["no reason given false no reason given"]);
  }));

Deno.test("fault 50: a kill that cannot be written to disk, or understood, is fired all the same", () =>
  withServer(async ({ folder, asked, problems }) => {
    const [trader] = findTraders(folder);
    const [, draft] = latchFiles(folder);
    Deno.mkdirSync(draft);
    const client = new ControlClient(trader);
    assert.deepEqual(await client.kill({ reason: "enough", flatten: false }), { latched: false });
    assert.match(problems.join(), /cannot be written to disk/);
    assert.equal(asked.length, 1);
    Deno.removeSync(draft);
    const reply = await fetch(`http://127.0.0.1:${trader.port}/kill`, {
      method: "POST",
      headers: { [TOKEN_HEADER]: trader.token },
      body: "{ not JSON",
    });
    await reply.body?.cancel();
    assert.equal(reply.status, 200);
    assert.equal(asked.length, 2);
  }));

Deno.test("what fails in the trader is told to who asked, and by the trader", () =>
  withServer(async ({ folder, problems }) => {
    const [trader] = findTraders(folder);
    await assert.rejects(new ControlClient(trader).status(), (error) => {
      assert.ok(error instanceof OperationError);
      assert.match(error.message, /does not answer: 500 the gateway is gone/);
      return true;
    });
    assert.deepEqual(problems, ["/status: the gateway is gone"]);
  }, { status: () => Promise.reject(new Error("the gateway is gone")) }));
