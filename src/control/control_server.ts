/**
 * A trader's control endpoint, on this machine alone. Invariant: nothing is done for who does not
 * show the token of the trader's file, which only its owner can read. A page in a browser cannot show
 * it, and is refused for its Origin, and for the name that it came by, besides.
 */
import { timingSafeEqual } from "node:crypto";
import { Hono } from "hono";
import { latchKill } from "./kill_latch.ts";
import type { TraderControl } from "./trader_control.ts";
import { writeTraderFile } from "./trader_file.ts";

export const TOKEN_HEADER = "Liu-Token";
const HOST = "127.0.0.1";
const BODY_MAX = 10_000;
const TOKEN_BYTES = 32;

export interface ControlServerOptions {
  dataFolder: string;
  control: TraderControl;
  /** The switch could not be written to disk, or something failed of what was asked for. */
  onProblem(text: string): void;
}

export interface ControlServer {
  close(): Promise<void>;
}

/** Serves from now on. Its file is written before this returns. */
export function startControlServer(options: ControlServerOptions): ControlServer {
  const token = hex(crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)));
  const stopping = new AbortController();
  let port = 0;
  const app = appOf(options, (request) => problemOf(request, `${HOST}:${port}`, token));
  const server = Deno.serve({
    hostname: HOST,
    port: 0,
    signal: stopping.signal,
    onListen: () => {},
  }, app.fetch);
  port = server.addr.port;
  const file = writeTraderFile(options.dataFolder, {
    pid: Deno.pid,
    port,
    token,
    startedMs: Date.now(),
  });
  return {
    async close() {
      file.remove();
      stopping.abort();
      await server.finished;
    },
  };
}

function appOf(
  { control, dataFolder, onProblem }: ControlServerOptions,
  refuses: (request: Request) => { status: 401 | 403 | 413; message: string } | null,
): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    const problem = refuses(context.req.raw);
    if (problem !== null) return context.json({ message: problem.message }, problem.status);
    await next();
  });
  app.get("/status", async (context) => context.json(await control.status()));
  app.post("/kill", async (context) => {
    const { reason, flatten } = killOf(await context.req.text());
    let latched = true;
    try {
      latchKill(dataFolder, { reason, flatten });
    } catch (error) {
      // It is fired in this process all the same.
      latched = false;
      onProblem(`The kill switch cannot be written to disk: ${error}`);
    }
    await control.kill({ reason, flatten });
    return context.json({ latched });
  });
  app.post("/resume", async (context) => context.json(await control.resume()));
  app.onError((error, context) => {
    onProblem(`${context.req.path}: ${error.message}`);
    return context.json({ message: error.message }, 500);
  });
  return app;
}

/** What cannot be understood still kills: only its details are lost. */
function killOf(text: string): { reason: string; flatten: boolean } {
  try {
    const { reason, flatten } = JSON.parse(text) as Record<string, unknown>;
    const isReason = typeof reason === "string" && reason !== "";
    return {
      reason: isReason ? reason.slice(0, 1000) : "no reason given",
      flatten: flatten === true,
    };
  } catch {
    return { reason: "no reason given", flatten: false };
  }
}

function problemOf(
  { headers }: Request,
  host: string,
  token: string,
): { status: 401 | 403 | 413; message: string } | null {
  if (headers.has("origin")) return { status: 403, message: "pages are not let in" };
  if (headers.get("host") !== host) return { status: 403, message: `this is ${host} only` };
  if (!isEqual(headers.get(TOKEN_HEADER) ?? "", token)) {
    return { status: 401, message: `the header ${TOKEN_HEADER} must have the trader's token` };
  }
  if (Number(headers.get("content-length") ?? 0) > BODY_MAX) {
    return { status: 413, message: `more than ${BODY_MAX} bytes` };
  }
  return null;
}

/** Takes as long for each wrong one. */
function isEqual(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => new TextEncoder().encode(text));
  return left.length === right.length && timingSafeEqual(left, right);
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
