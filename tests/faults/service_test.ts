/** What systemd hears of a trader, over a real datagram socket. It needs python3 to listen. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { inFolder } from "../program.ts";
import { onExchange, TraderProcess } from "./trader_process.ts";

const LISTENER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("listening", flush=True)
while True:
    print(s.recv(4096).decode(), flush=True)
`;

const hasPython = await new Deno.Command("python3", { args: ["--version"], stdout: "null" })
  .output().then(({ success }) => success, () => false);

Deno.test({
  name: "fault 41: systemd hears that it is ready, how it does, that it lives, and that it stops",
  ignore: !hasPython,
  fn: () =>
    inFolder((folder) =>
      onExchange(folder, "", async (liu, exchange) => {
        const path = join(folder, "notify.sock");
        const listener = new Deno.Command("python3", {
          args: ["-c", LISTENER, path],
          stdout: "piped",
        }).spawn();
        let heard = "";
        const reader = listener.stdout.pipeThrough(new TextDecoderStream()).getReader();
        const hears = async (text: string) => {
          while (!heard.includes(text)) heard += (await reader.read()).value ?? "";
        };
        await hears("listening");
        const env = { ...exchange.env, NOTIFY_SOCKET: path, WATCHDOG_USEC: "3000000" };
        const trader = TraderProcess.start(liu, [], env);
        await hears("READY=1\n");
        await hears("STATUS=equity ");
        for (let i = 0; i < 3; i++) {
          await hears("WATCHDOG=1\n");
          heard = "";
        }
        trader.kill("SIGTERM");
        await hears("STOPPING=1\n");
        const { code } = await trader.ended;
        assert.equal(code, 0, trader.err);
        assert.doesNotMatch(trader.err, /systemd/);
        listener.kill("SIGKILL");
        await listener.status;
        await reader.cancel();
        const left = [...Deno.readDirSync(join(folder, "data"))].map(({ name }) => name);
        assert.deepEqual(left.filter((name) => name.startsWith("notify")), []);
      })
    ),
});
