import assert from "node:assert/strict";
import { ConfigError } from "../util/errors.ts";
import { bundle } from "./bundle.ts";
import { describeThrown, loadUserModule, StoppedError } from "./load_user_module.ts";

/** Stands in for Strategy; user code here has no import, so it comes by a global. */
class Base {
  run(): unknown {
    return undefined;
  }
}
(globalThis as unknown as Record<string, unknown>).BaseForTests = Base;

async function load(id: string, files: Record<string, string>) {
  const made = await bundle({ id, entry: "/plan/x.ts", root: "/plan", read: (p) => files[p] });
  const stopFlag = new Int32Array(new SharedArrayBuffer(4));
  return { made, stopFlag, Loaded: await loadUserModule({ bundle: made, base: Base, stopFlag }) };
}

async function check(id: string, files: Record<string, string>, message: RegExp): Promise<void> {
  await assert.rejects(() => load(id, files), (error: Error) => {
    assert.ok(error instanceof ConfigError, String(error));
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /data:text/);
    return true;
  });
}

Deno.test("A class that extends its base is loaded", async () => {
  const { Loaded } = await load("ok", {
    "/plan/x.ts": `import { half } from "./lib/half.ts";
export default class X extends BaseForTests { run(): number { return half(14); } }`,
    "/plan/lib/half.ts": "export const half = (x: number) => x / 2; // ½ of “x”, 50%",
  });
  const made = new Loaded();
  assert.ok(made instanceof Base);
  assert.equal(made.run(), 7);
});

Deno.test("A file without a default export is told what to write", () =>
  check(
    "none",
    { "/plan/x.ts": "export class Some extends BaseForTests {}" },
    /^Cannot load x\.ts: it has no default export \(only Some\): write "export default class X/,
  ));

Deno.test("A default export of another kind is told what to write", async () => {
  await check("a", { "/plan/x.ts": "export default class Y {}" }, /"Y", does not extend Base/);
  await check("b", { "/plan/x.ts": "export default 5;" }, /a number, does not extend Base/);
  await check("c", { "/plan/x.ts": "export default () => 5;" }, /does not extend Base/);
  await check(
    "d",
    {
      "/plan/x.ts": "export default class Z { static [Symbol.hasInstance]() { return true; } }",
    },
    /"Z", does not extend Base/,
  );
});

Deno.test("Code that throws while it is loaded is told with file, line and column", () =>
  check(
    "throws",
    {
      "/plan/x.ts": 'import { a } from "./lib/a.ts";\nexport default a;',
      "/plan/lib/a.ts": "const none: any = null;\n\n  export const a = none.b;",
    },
    /^Cannot load lib\/a\.ts:3:25: Cannot read properties of null.*\n {4}at lib\/a\.ts:3:25$/,
  ));

Deno.test("An import of what a file does not export is told with both files", () =>
  check(
    "missing",
    {
      "/plan/x.ts": '// first\nimport { Gone } from "./lib/a.ts";\nexport default Gone;',
      "/plan/lib/a.ts": "export type Gone = number;",
    },
    /^Cannot load x\.ts:2:\d+: The requested module 'lib\/a\.ts' does not.*import type \{ Gone/,
  ));

Deno.test("What a strategy throws is told with the author's lines", async () => {
  const { Loaded, made } = await load("stack", {
    "/plan/x.ts": `import { deep } from "./lib/deep.ts";
export default class X extends BaseForTests {
  run() { for (const x of [1, 2]) { if (x === 2) deep(x); } }
}`,
    "/plan/lib/deep.ts": `const pass = (x: number): number => fail(x), other = (y: number) => y;
function fail(x: number): never { throw new Error("at " + other(x)); }
export const deep = pass;`,
  });
  let thrown: unknown;
  try {
    new Loaded().run();
  } catch (error) {
    thrown = error;
  }
  const { message, stack } = describeThrown(thrown, [made]);
  assert.equal(message, "at 2");
  const frames = stack.split("\n").slice(0, 4).map((line) => line.trim());
  assert.deepEqual(frames, [
    "Error: at 2",
    "at fail (lib/deep.ts:2:41)",
    "at pass (lib/deep.ts:1:37)",
    "at X.run (x.ts:3:50)",
  ]);
});

Deno.test("With its flag set, a strategy throws in its loops and functions", async () => {
  const { Loaded, stopFlag } = await load("flag", {
    "/plan/x.ts": `export default class X extends BaseForTests {
      run() { for (;;) { try { for (;;); } catch {} } }
    }`,
  });
  stopFlag[0] = 1;
  assert.throws(() => new Loaded().run(), StoppedError);
});

Deno.test("Whatever is thrown can be described", () => {
  const trap = {
    get message(): string {
      throw new Error("no");
    },
    get stack(): string {
      throw new Error("no");
    },
  };
  assert.equal(describeThrown(trap, []).message, "an error that throws when it is read");
  assert.deepEqual(describeThrown("text", []), {
    message: "threw string text",
    stack: "threw string text",
  });
  assert.equal(describeThrown(undefined, []).message, "threw undefined undefined");
  assert.equal(describeThrown({ message: 5 }, []).message, "");
  assert.equal(describeThrown(Symbol("s"), []).message, "threw symbol Symbol(s)");
  assert.ok(describeThrown(new Error("x".repeat(1e6)), []).message.length <= 10_000);
});
