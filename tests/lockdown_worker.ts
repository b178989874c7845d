// A worker's own code after lockdown: ports, timers, a granted network, and an error of its own.
import { lockdown, NETWORK_GLOBALS } from "../src/sandbox/lockdown.ts";

const first = Promise.withResolvers<MessagePort>();
self.onmessage = (event: MessageEvent<MessagePort>) => first.resolve(event.data);
const port = await first.promise;
self.onmessage = null;

const natives = lockdown({
  nowUs: () => 0,
  random: () => 0.5,
  log: (level, text) => port.postMessage(`${level}: ${text}`),
  rejected: (reason) => port.postMessage(`rejected: ${(reason as Error).message}`),
  shared: [],
  granted: NETWORK_GLOBALS,
});

port.onmessage = async ({ data }: MessageEvent<{ ask: string; url: string }>) => {
  switch (data.ask) {
    case "timer":
      await new Promise((resolve) => natives.setTimeout(resolve, 1));
      return port.postMessage("timer ran");
    case "log":
      return console.warn("text", { a: [1, NaN] }, new Map([["k", 1]]));
    case "reject":
      return void Promise.reject(new Error("nobody waits"));
    case "fetch":
      return port.postMessage(await (await fetch(data.url)).text());
    case "fetch elsewhere":
      return port.postMessage(await fetch("http://localhost:8123/").catch((e) => `${e}`));
    case "listen on the global object": {
      const { addEventListener } = Object.getPrototypeOf(AbortSignal.prototype);
      try {
        addEventListener.call(undefined, "message", () => {});
        return port.postMessage("listening");
      } catch (error) {
        return port.postMessage((error as Error).message);
      }
    }
    case "listen on a signal": {
      const aborter = new AbortController();
      aborter.signal.addEventListener("abort", () => port.postMessage("aborted"));
      return aborter.abort();
    }
    case "throw":
      // Not in a promise: an error of the worker's own.
      natives.setTimeout(() => {
        throw new Error("a bug of the worker's own");
      }, 0);
  }
};
