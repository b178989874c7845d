import assert from "node:assert/strict";
import type { GatewayToMain, MainToGateway } from "../protocol.ts";
import { controlBlock } from "./control.ts";
import { LifeSigns } from "./life_signs.ts";
import type { ConsumerLink } from "./session_workers.ts";
import { Inbox } from "./worker_link.ts";

Deno.test("who does not answer, or does not beat, is no sign of life; one that is replaced is excused", async () => {
  const control = new Int32Array(controlBlock(1));
  const consumer = { control, isReady: true };
  const gatewayInbox = new Inbox<GatewayToMain>();
  const posted: MainToGateway[] = [];
  const signs = new LifeSigns({
    consumers: [consumer as ConsumerLink],
    gatewayInbox,
    postGateway: (message) => void posted.push(message),
  });
  const live = async (beats: boolean, answers: boolean) => {
    if (beats) control[control.length - 1]++;
    if (answers) gatewayInbox.deliver({ type: "pong" });
    await Promise.resolve();
    await Promise.resolve();
    return signs.look();
  };
  assert.equal(await live(true, false), true, "nobody has been asked yet");
  assert.equal(await live(true, true), true);
  assert.equal(await live(false, true), false);
  assert.equal(await live(true, false), false);
  assert.equal(await live(true, true), true);
  consumer.isReady = false;
  assert.equal(await live(false, true), true);
  assert.deepEqual(new Set(posted.map(({ type }) => type)), new Set(["ping"]));
});
