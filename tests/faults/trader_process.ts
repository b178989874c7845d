/** For tests: `liu trader` as a process, at a simulated exchange that can be made to fall silent. */
import assert from "node:assert/strict";
import { connect, createServer, type Server, type Socket } from "node:net";
import { exchangeEnv, Liu, type SimulateProcess, writeFiles } from "../program.ts";

export const KEYS = { keyId: "k", secretKey: "s" };

export const STRATEGY = `import { buy, limit, Strategy, type Tick } from "liu";
/** Buys the first symbol with a stop far below; in the second an entry waits far below, too. */
export default class Buyer extends Strategy {
  static override whileOpen = true;
  setup() {
    return { runs: 0 };
  }
  run({ state, bars, symbol, position, openOrder }: Tick<this>) {
    if (position || openOrder) return;
    state.runs++;
    const price = bars.close.at(-1);
    if (symbol < "B") {
      if (state.runs === 1) return buy({ qty: 5, stopPrice: Math.round(price / 2) });
    } else if (state.runs === 1) return limit(buy({ qty: 3 }), Math.round(price * 0.8));
  }
}
`;

/** A way to the exchange that can be cut or made to say nothing more. */
export class Proxy {
  #isSilent = false;
  readonly #sockets = new Set<Socket>();

  private constructor(readonly server: Server, readonly url: string) {}

  static async open(target: string): Promise<Proxy> {
    const { hostname, port } = new URL(target);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const own = (server.address() as { port: number }).port;
    const url = new URL(target);
    url.port = String(own);
    url.hostname = "127.0.0.1";
    const proxy = new Proxy(server, url.href.replace(/\/$/, ""));
    server.on("connection", (near: Socket) => {
      const far = connect(Number(port), hostname);
      proxy.#join(near, far);
      proxy.#join(far, near);
    });
    return proxy;
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on("data", (bytes) => {
      if (!this.#isSilent) to.write(bytes);
    });
    from.on("error", () => {});
    from.on("close", () => {
      this.#sockets.delete(from);
      if (!this.#isSilent) to.destroy();
    });
  }

  /** Takes everything, and passes nothing on. */
  silence(): void {
    this.#isSilent = true;
  }

  /** Passes on again what comes from now on. */
  speak(): void {
    this.#isSilent = false;
  }

  /** Ends all connections; new ones are taken, and cut too as long as it is silent. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Not waited for: Deno 2.6 never says that a server which has had connections is closed. */
  close(): void {
    this.#isSilent = false;
    this.cut();
    this.server.close();
  }
}

/** What it has not said in this time it never will. */
const SAYS_MS_MAX = 60_000;

export class TraderProcess {
  #out = "";
  #err = "";
  #isOver = false;
  readonly #waiting = new Set<() => void>();
  readonly ended: Promise<{ code: number; signal: string | null }>;

  private constructor(readonly child: Deno.ChildProcess) {
    const all = [
      this.#read(child.stdout, (text) => this.#out += text),
      this.#read(child.stderr, (text) => this.#err += text),
    ];
    this.ended = Promise.all([child.status, ...all]).then(([{ code, signal }]) => {
      this.#isOver = true;
      for (const look of this.#waiting) look();
      return { code, signal };
    });
  }

  static start(liu: Liu, args: string[], env: Record<string, string>): TraderProcess {
    return new TraderProcess(liu.start(["trader", ...args], env));
  }

  get out(): string {
    return this.#out;
  }

  get err(): string {
    return this.#err;
  }

  /** Resolves when it has said this, on either stream. */
  async says(text: RegExp): Promise<void> {
    while (!text.test(this.#out) && !text.test(this.#err)) await this.saysMore();
  }

  /** Resolves when it has said anything more. */
  async saysMore(): Promise<void> {
    const said = () => `${this.#out}\n${this.#err}`;
    assert.ok(!this.#isOver, `it has ended, having said:\n${said()}`);
    const timer = setTimeout(() => this.kill("SIGKILL"), SAYS_MS_MAX);
    await new Promise<void>((resolve) => this.#waiting.add(resolve));
    this.#waiting.clear();
    clearTimeout(timer);
  }

  kill(signal: Deno.Signal): void {
    this.child.kill(signal);
  }

  async #read(stream: ReadableStream<Uint8Array>, add: (text: string) => void): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      add(text);
      for (const look of this.#waiting) look();
    }
  }
}

export interface Exchange {
  simulate: SimulateProcess;
  proxy: Proxy;
  env: Record<string, string>;
  get(path: string): Promise<Record<string, string>[]>;
}

/** An exchange in the midst of a day, a folder with a plan, and a database that is ready. */
export async function onExchange(
  folder: string,
  plan: string,
  run: (liu: Liu, exchange: Exchange) => Promise<void>,
  env: Record<string, string> = {},
): Promise<void> {
  const liu = new Liu(folder);
  await writeFiles(folder, {
    "tradeplan.toml": `[scanners.all]
filename = "all.ts"
[strategies.buyer]
filename = "buyer.ts"
${plan}`,
    "buyer.ts": STRATEGY,
    "all.ts": `import { Scanner, type ScanContext } from "liu";
export default class All extends Scanner {
  async run({ market }: ScanContext) {
    return (await market.snapshots()).top(10, "dollarVolume");
  }
}
`,
  });
  const { code, err } = await liu.run(["migrate"], env);
  assert.equal(code, 0, err);
  const simulate = await liu.simulate([
    ...["--generate", "2", "--seed", "3", "--speed", "60"],
    ...["--start", "2022-01-03T15:00:00Z", "--end", "2022-01-03T20:30:00Z"],
    // Those that a test asks for over HTTP.
    "--faults",
  ]);
  const proxy = await Proxy.open(simulate.baseUrl);
  const headers = { "APCA-API-KEY-ID": KEYS.keyId, "APCA-API-SECRET-KEY": KEYS.secretKey };
  try {
    await run(liu, {
      simulate,
      proxy,
      env: { ...exchangeEnv(proxy.url, KEYS), NUM_CONSUMERS: "1", ...env },
      get: async (path) => await (await fetch(`${simulate.baseUrl}${path}`, { headers })).json(),
    });
  } finally {
    proxy.close();
    await simulate.stop();
  }
}
