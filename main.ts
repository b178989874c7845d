/** The program `liu`: its world, and the command that was asked for. */
import process from "node:process";
import { SECRET_VARIABLES } from "./src/config/environment.ts";
import { runProgram } from "./src/commands/run_program.ts";
import { redactor } from "./src/util/log.ts";
import { Secret } from "./src/util/secret.ts";

/** 128 + the signal's number, as shells give it. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** Whoever is told to stop has stopped in this time, whatever does not answer. */
const STOP_MS_MAX = 9_700;

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  if (signal === "SIGTERM" && Deno.build.os === "windows") continue;
  Deno.addSignalListener(signal, () => {
    // What is in the journal is on disk, always: nothing is lost by leaving at once.
    if (stopping.signal.aborted) Deno.exit(EXIT_CODES[signal]);
    stopping.abort(new DOMException(`Stopped by ${signal}.`, "AbortError"));
    Deno.unrefTimer(setTimeout(() => {
      writeAll(Deno.stderr, "NOT DONE: something did not end within 10 s, and is left as it is\n");
      Deno.exit(EXIT_CODES[signal]);
    }, STOP_MS_MAX));
  });
}

const env = Deno.env.toObject();
// Decisions must not depend on where the machine stands: all that user code sees is UTC.
Deno.env.set("TZ", "UTC");
// Nothing after this line can read the environment, the keys in it included; libraries that try find it empty.
Deno.permissions.revokeSync({ name: "env" });
process.env = {};
// Errors are redacted here too: a bug's stack passes by no log.
const redact = redactor(SECRET_VARIABLES.map((name) => new Secret(env[name] ?? "")));

const encoder = new TextEncoder();
const exitCode = await runProgram(Deno.args, {
  env,
  cwd: Deno.cwd(),
  signal: stopping.signal,
  out: (text) => writeAll(Deno.stdout, text),
  err: (text) => writeAll(Deno.stderr, redact(text)),
  isOutTerminal: Deno.stdout.isTerminal(),
  isErrTerminal: Deno.stderr.isTerminal(),
  columns,
});
Deno.exit(exitCode);

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = encoder.encode(text);
  try {
    for (let written = 0; written < bytes.length;) {
      written += stream.writeSync(bytes.subarray(written));
    }
  } catch (error) {
    // The reader has gone (liu … | head): there is nobody to tell.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

function columns(): number {
  try {
    return Deno.consoleSize().columns || 80;
  } catch {
    return 80; // no terminal
  }
}
