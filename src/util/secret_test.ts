import assert from "node:assert/strict";
import { inspect } from "node:util";
import { Secret } from "./secret.ts";

Deno.test("a secret shows stars however it is printed, and its text only by reveal()", () => {
  const secret = new Secret("PKTOPSECRET");
  const holder = { key: secret };
  const prints = [
    String(secret),
    `${secret}`,
    secret + "",
    JSON.stringify(holder),
    Deno.inspect(holder),
    inspect(holder, { showHidden: true, depth: 9 }),
    JSON.stringify(structuredClone({ ...secret })),
  ];
  for (const print of prints) assert.ok(!print.includes("TOPSECRET"), print);
  assert.equal(String(secret), "***");
  assert.equal(secret.reveal(), "PKTOPSECRET");
});
