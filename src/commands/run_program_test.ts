import assert from "node:assert/strict";
import type { Command, Host } from "../contracts/command.ts";
import { ConfigError, OperationError, RetryableError } from "../util/errors.ts";
import { COMMANDS } from "./registry.ts";
import { runProgram } from "./run_program.ts";

/** Runs `liu try …`, where the command does `run`, and gives what came of it. */
async function tryOut(
  run: Command["run"],
  { args = [], signal = new AbortController().signal }: { args?: string[]; signal?: AbortSignal } =
    {},
) {
  const seen = { out: "", err: "" };
  const host: Host = {
    env: {},
    cwd: "/",
    signal,
    out: (text) => seen.out += text,
    err: (text) => seen.err += text,
    isOutTerminal: false,
    isErrTerminal: false,
    columns: () => 80,
  };
  const command: Command = {
    examples: [{ line: "liu try", does: "this" }],
    configure: (commander) =>
      void commander.argument("[word]").option("--long-name <x>", "an option"),
    run,
  };
  const registered = { summary: "do this", load: () => Promise.resolve({ command }) };
  const code = await runProgram(["try", ...args], host, { ...COMMANDS, try: registered });
  return { code, ...seen };
}

const throwing = (error: unknown) => () => Promise.reject(error);

Deno.test("a command gets its operands and options, and its exit code is the program's", async () => {
  const result = await tryOut(({ operands, options }, host) => {
    host.out(JSON.stringify({ operands, options }));
    return Promise.resolve(1);
  }, { args: ["--long-name", "x", "word"] });
  assert.deepEqual(result, {
    code: 1,
    out: '{"operands":["word"],"options":{"longName":"x"}}',
    err: "",
  });
});

Deno.test("errors end with the code for what one does about them, bugs with their stack", async () => {
  const cases: [Error, number, RegExp][] = [
    [new ConfigError("Cannot read x: y"), 2, /^Cannot read x: y\n$/],
    [new OperationError("Cannot reach x"), 1, /^Cannot reach x\n$/],
    [new RetryableError("Cannot reach x now"), 1, /^Cannot reach x now\n$/],
    [new TypeError("x is undefined"), 1, /^TypeError: x is undefined\n +at [^]*please report it/],
    // Nobody has asked to stop: then it is a bug too.
    [new DOMException("stop", "AbortError"), 1, /please report it/],
  ];
  for (const [error, code, err] of cases) {
    const result = await tryOut(throwing(error));
    assert.equal(result.code, code, error.message);
    assert.match(result.err, err);
    assert.equal(result.out, "");
  }
});

Deno.test("a command that stops because it was told to ends with one word", async () => {
  const stopping = new AbortController();
  stopping.abort();
  const result = await tryOut(
    throwing(new DOMException("stop", "AbortError")),
    { signal: stopping.signal },
  );
  assert.deepEqual(result, { code: 1, out: "", err: "Interrupted.\n" });
});

Deno.test("only the command that is called is loaded", async () => {
  const never = {
    summary: "never",
    load: () => Promise.reject(new Error("it was loaded")),
  };
  const host = {
    env: {},
    cwd: "/",
    signal: new AbortController().signal,
    out: () => {},
    err: () => {},
    isOutTerminal: false,
    isErrTerminal: false,
    columns: () => 80,
  };
  assert.equal(await runProgram(["--help"], host, { never }), 0);
  assert.equal(await runProgram(["help"], host, { never }), 0);
  assert.equal(await runProgram(["nevre"], host, { never }), 2);
  assert.equal(await runProgram(["never"], host, { never }), 1);
});

Deno.test("help looks as deep as the commands go, and knows what is none", async () => {
  const seen = { out: "", err: "" };
  const host: Host = {
    env: {},
    cwd: "/",
    signal: new AbortController().signal,
    out: (text) => seen.out += text,
    err: (text) => seen.err += text,
    isOutTerminal: false,
    isErrTerminal: false,
    columns: () => 80,
  };
  assert.equal(await runProgram(["help", "data", "list"], host), 0);
  assert.match(seen.out, /^Usage: liu data list /);
  assert.equal(await runProgram(["help", "dta"], host), 2);
  assert.match(seen.err, /unknown command 'dta'[^]*data/);
});
