import assert from "node:assert/strict";

Deno.test("After lockdown the worker's own code still works", async () => {
  const server = Deno.serve({ port: 0, onListen() {} }, () => new Response("served"));
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const worker = new Worker(new URL("./lockdown_worker.ts", import.meta.url), {
    type: "module",
    deno: { permissions: { net: [`127.0.0.1:${server.addr.port}`] } },
  } as WorkerOptions);
  const { port1: port, port2 } = new MessageChannel();
  worker.postMessage(port2, [port2]);
  const answer = (ask: string) =>
    new Promise<string>((resolve) => {
      port.onmessage = ({ data }) => resolve(data);
      port.postMessage({ ask, url });
    });

  assert.equal(await answer("timer"), "timer ran");
  assert.equal(await answer("log"), 'warning: text {"a":[1,"NaN"]} {"k":1}');
  assert.equal(await answer("reject"), "rejected: nobody waits");
  assert.equal(await answer("fetch"), "served");
  assert.match(await answer("fetch elsewhere"), /NotCapable: Requires net access/);
  assert.equal(await answer("listen on the global object"), "addEventListener of nothing");
  assert.equal(await answer("listen on a signal"), "aborted");

  const failure = new Promise<string>((resolve) => {
    worker.onerror = (event) => {
      event.preventDefault();
      resolve(event.message);
    };
  });
  port.postMessage({ ask: "throw" });
  assert.match(await failure, /a bug of the worker's own/);
  port.close();
  worker.terminate();
  await server.shutdown();
});
