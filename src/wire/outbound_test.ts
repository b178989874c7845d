import { strict as assert } from "node:assert";
import { ConfigError } from "../util/errors.ts";
import { createOutbound, hostOf } from "./outbound.ts";

Deno.test("only hosts of the list are reached, by request and by socket", async () => {
  const outbound = createOutbound(["api.example.com:443"]);
  for (
    const url of ["http://api.example.com", "https://example.com", "https://api.example.com:8"]
  ) {
    await assert.rejects(outbound.fetch(url), ConfigError, url);
  }
  assert.throws(() => outbound.webSocket("ws://api.example.com"), ConfigError);
  await assert.rejects(outbound.fetch("no url"), ConfigError);
  await assert.rejects(outbound.fetch("file:///etc/passwd"), ConfigError);
});

Deno.test("a host is told with its port", () => {
  assert.equal(hostOf("https://data.alpaca.markets/v2"), "data.alpaca.markets:443");
  assert.equal(hostOf("wss://x.example"), "x.example:443");
  assert.equal(hostOf("http://127.0.0.1:8080"), "127.0.0.1:8080");
});

Deno.test("a redirect is handed back, so that keys do not follow it", async () => {
  let reached = 0;
  const elsewhere = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, () => {
    reached++;
    return new Response();
  });
  const location = `http://127.0.0.1:${elsewhere.addr.port}/`;
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () => new Response(null, { status: 307, headers: { location } }),
  );
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const response = await createOutbound([hostOf(url), hostOf(location)]).fetch(url);
  await response.body?.cancel();
  assert.equal(response.status, 307);
  assert.equal(reached, 0);
  await server.shutdown();
  await elsewhere.shutdown();
});
