import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import { createBroker } from "../src/brokers/alpaca.ts";
import { RecordingLog, ScriptedTime } from "./alpaca_counterpart.ts";

/** A server's frames of one message, split in three, sent byte by byte. */
async function sendInParts(connection: Deno.Conn, message: unknown): Promise<void> {
  const bytes = new TextEncoder().encode(JSON.stringify(message));
  const third = Math.ceil(bytes.length / 3);
  const FINAL = 0x80, TEXT = 1, CONTINUATION = 0;
  for (let part = 0; part < 3; part++) {
    const payload = bytes.subarray(part * third, (part + 1) * third);
    const head = (part === 0 ? TEXT : CONTINUATION) | (part === 2 ? FINAL : 0);
    for (const byte of [head, payload.length, ...payload]) {
      await connection.write(new Uint8Array([byte]));
    }
  }
}

async function accept(listener: Deno.Listener): Promise<Deno.Conn> {
  const connection = await listener.accept();
  let request = "";
  const buffer = new Uint8Array(4096);
  while (!request.includes("\r\n\r\n")) {
    request += new TextDecoder().decode(buffer.subarray(0, await connection.read(buffer) ?? 0));
  }
  const key = /^sec-websocket-key: (.*)\r$/im.exec(request)![1];
  const hash = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  const answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" +
    `Connection: Upgrade\r\nSec-WebSocket-Accept: ${hash.digest("base64")}\r\n\r\n`;
  await connection.write(new TextEncoder().encode(answer));
  return connection;
}

Deno.test("messages that come in parts, byte by byte, are put together", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const baseUrl = `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}`;
  const aborter = new AbortController();
  const steps: number[] = [];
  const stepped = Promise.withResolvers<void>();
  const opening = createBroker({ keyId: "k", secretKey: "s", baseUrl }, {
    clock: { nowUs: () => 0 },
    monotonic: new ScriptedTime(),
    random: () => 0.5,
    log: new RecordingLog(),
  }).openUpdates({
    onUpdate: () => {},
    onStep: (n) => {
      steps.push(n);
      stepped.resolve();
    },
    onState: () => {},
    signal: aborter.signal,
  });
  const connection = await accept(listener);
  const data = { status: "authorized", action: "authenticate" };
  await sendInParts(connection, { stream: "authorization", data });
  await sendInParts(connection, { stream: "listening", data: { streams: ["trade_updates"] } });
  await sendInParts(connection, {
    stream: "step",
    data: { n: 7, timestamp: "2022-01-03T15:00:00Z" },
  });
  await opening;
  await stepped.promise;
  assert.deepEqual(steps, [7]);
  connection.close();
  aborter.abort();
  listener.close();
});
