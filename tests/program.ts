/** The program as a subprocess, from source or compiled, for tests: what it prints, how it ends. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Ended {
  code: number;
  out: string;
  err: string;
}

/** What starts `liu`: a command and the arguments before its own. */
export type Program = readonly [command: string, ...args: string[]];

export const ROOT: string = fileURLToPath(new URL("..", import.meta.url));
export const FROM_SOURCE: Program = [
  Deno.execPath(),
  "run",
  "--quiet",
  "--no-prompt",
  "-A",
  join(ROOT, "main.ts"),
];

/** What Deno itself needs; `liu` gets nothing else of the tests' environment. */
const KEPT = ["PATH", "HOME", "DENO_DIR", "DENO_TLS_CA_STORE", "SSL_CERT_FILE"];

/** `liu` in a folder of its own, with its data and an environment of its own. */
export class Liu {
  readonly #env: Record<string, string>;

  constructor(
    readonly folder: string,
    readonly program: Program = FROM_SOURCE,
    env: Record<string, string> = {},
  ) {
    const kept = program === FROM_SOURCE ? KEPT : ["PATH"];
    const own = kept.map((name) => [name, Deno.env.get(name)])
      .filter((pair): pair is [string, string] => pair[1] !== undefined);
    this.#env = { ...Object.fromEntries(own), LIU_DATA: join(folder, "data"), ...env };
  }

  start(args: string[], env: Record<string, string> = {}): Deno.ChildProcess {
    const [command, ...before] = this.program;
    return new Deno.Command(command, {
      args: [...before, ...args],
      cwd: this.folder,
      clearEnv: true,
      env: { ...this.#env, ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  /** Runs a command to its end. */
  async run(args: string[], env: Record<string, string> = {}): Promise<Ended> {
    const { code, stdout, stderr } = await this.start(args, env).output();
    const decoder = new TextDecoder();
    return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
  }

  /** Starts `liu simulate` and waits until it serves. */
  async simulate(args: string[]): Promise<SimulateProcess> {
    const child = this.start(["simulate", "--port", "0", ...args]);
    const errors = new Response(child.stderr).text();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let out = "";
    while (!out.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`simulate ended early: ${await errors}`);
      out += value;
    }
    return {
      baseUrl: out.trim(),
      async stop() {
        child.kill("SIGTERM");
        const { code } = await child.status;
        await reader.cancel();
        return { code, out, err: await errors };
      },
    };
  }

  /** What `liu analyze` knows of a batch, here the newest. */
  async analysis(batch = "last"): Promise<Stored> {
    const { code, out, err } = await this.run(["analyze", batch, "--json"]);
    assert.equal(code, 0, err);
    return JSON.parse(out);
  }
}

export interface SimulateProcess {
  baseUrl: string;
  stop(): Promise<Ended>;
}

/** The part of `liu analyze --json` that tests look at. */
export interface Stored {
  batchId: string;
  runs: { algoRunId: number; algoName: string; endUs: number | null; endReason: string | null }[];
  trades: {
    algoRunId: number;
    symbol: string;
    operation: string;
    qty: string;
    price: string;
    tradeUs: number;
  }[];
  totals: {
    executions: number;
    gainValue: string;
    fees: string;
    cashChange: string;
    openPositions: number;
  };
}

/** The cash of an account, as the exchange itself says. */
export async function cashOf(
  baseUrl: string,
  { keyId, secretKey }: { keyId: string; secretKey: string },
): Promise<string> {
  const reply = await fetch(`${baseUrl}/v2/account`, {
    headers: { "APCA-API-KEY-ID": keyId, "APCA-API-SECRET-KEY": secretKey },
  });
  assert.equal(reply.status, 200);
  return (await reply.json()).cash;
}

/** Environment of a trader that uses this exchange. */
export function exchangeEnv(
  baseUrl: string,
  { keyId, secretKey }: { keyId: string; secretKey: string },
): Record<string, string> {
  return {
    APCA_API_BASE_URL: baseUrl,
    APCA_API_KEY_ID: keyId,
    APCA_API_SECRET_KEY: secretKey,
  };
}

/** Runs with a new folder, and takes it away. */
export async function inFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "liu-test-" });
  try {
    return await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Writes texts under a folder. */
export async function writeFiles(folder: string, files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    await Deno.mkdir(join(path, ".."), { recursive: true });
    await Deno.writeTextFile(path, text);
  }
}
