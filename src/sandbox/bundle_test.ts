import assert from "node:assert/strict";
import { ConfigError } from "../util/errors.ts";
import { type Bundle, bundle } from "./bundle.ts";
import { mapStack } from "./map_stack.ts";

type Files = Record<string, string>;

function bundleOf(files: Files, entry = "/plan/strategies/x.ts"): Promise<Bundle> {
  return bundle({
    id: "x",
    entry,
    root: "/plan",
    read(path) {
      if (path in files) return files[path];
      throw new Error("no such file");
    },
  });
}

/** Text of a module as it will run; nested ones stay encoded. */
function codeOf({ url }: Bundle): string {
  return decodeURIComponent(url.slice(url.indexOf(",") + 1));
}

async function check(files: Files | string, message: RegExp): Promise<void> {
  const given = typeof files === "string" ? { "/plan/strategies/x.ts": files } : files;
  await assert.rejects(() => bundleOf(given), (error: Error) => {
    assert.ok(error instanceof ConfigError, String(error));
    assert.match(error.message, message);
    return true;
  });
}

const REFUSED: [specifier: string, message: RegExp][] = [
  ["node:fs", /strategies\/x\.ts:2:20: "node:fs" is refused.*imports "liu" and its own files/],
  ["fs", /"fs" is refused/],
  ["npm:zod", /"npm:zod" is refused/],
  ["jsr:@std/path", /"jsr:@std\/path" is refused/],
  ["file:///etc/passwd.js", /"file:\/\/\/etc\/passwd.js" is refused/],
  ["http://example.com/x.js", /is refused/],
  ["https://example.com/x.js", /is refused/],
  ["data:text/javascript,1", /is refused/],
  ["blob:1", /is refused/],
  ["/etc/x.ts", /is refused/],
  ["LIU", /is refused/],
  ["liu/guard", /is refused/],
  ["liu/testing", /for tests only/],
  ["liu/analysis", /not for what trades/],
  ["../../outside.ts", /lies outside of \/plan: move it there/],
  ["./missing.ts", /cannot read strategies\/missing.ts: no such file/],
  ["./levels", /must end in .ts, .mts, .js or .mjs/],
  ["./data.json", /must end in/],
  ["./a.ts?x", /\?, # and % are refused/],
  ["./%61.ts", /\?, # and % are refused/],
];

for (const [specifier, message] of REFUSED) {
  Deno.test(`An import of ${specifier} is refused with its place`, async () => {
    await check(`// first line\nimport { a } from  "${specifier}"; a();`, message);
    await check(`// first line\nexport * from      "${specifier}";`, message);
    await check(`// first line\nconst a = import(  "${specifier}");`, message);
  });
}

const REFUSED_CODE: [name: string, code: string, message: RegExp][] = [
  ["a computed import()", "const n = 'node:fs';\nimport(n);", /x\.ts:2:1: import\(\) takes only/],
  ["import() of a template", "import(`./a.ts`);", /x\.ts:1:1: import\(\) takes only/],
  [
    "import attributes",
    'import a from "./a.json" with { type: "json" }; a();',
    /import attributes/,
  ],
  ["attributes of import()", 'import("./a.ts", { with: {} });', /import attributes/],
  ["attributes of export", 'export * from "./a.ts" with { a: "b" };', /import attributes/],
  ["import.meta.resolve", 'import.meta.resolve("x");', /import\.meta is refused/],
  ["import.meta.url", "console.log(import.meta.url);", /import\.meta is refused/],
  ["an escaped specifier", 'import "\\u006eode:fs";', /a backslash in an import/],
  ["await at the top", "const a = 1;\n await 0;", /x\.ts:2:2: await outside of a function/],
  ["for await at the top", "for await (const a of []) a;", /await outside of a function/],
  ["a guard's name", "const __liu_flag = [0];", /x\.ts:1:7: names that begin with "__liu"/],
  ["a guard's name, escaped", "const \\u005f_liu_flag = 1;", /names that begin with "__liu"/],
  ["a guard's name, imported", 'import { buy as __liu_halt } from "liu"; __liu_halt();', /__liu/],
  ["a guard's name as a parameter", "((__liu_halt) => __liu_halt)(1);", /names that begin/],
  ["source phase imports", 'import source a from "./a.ts"; a;', /x\.ts:1/],
  ["an enum", "const a = 1;\nenum B { c }", /x\.ts:2:1: .*enum.*plain JavaScript/],
  ["a namespace", "namespace A { export const b = 1 }", /x\.ts:1:1: .*namespace/],
  [
    "a parameter property",
    "class A {\n  constructor(private b: number) {}\n}",
    /x\.ts:2:23: .*parameter property/,
  ],
  ["a syntax error", "const a = 1;\nconst b = ;", /x\.ts:2:11: Expression expected/],
  ["a decorator", "@a class B {}", /x\.ts:1:1: /],
  ["with", "with (a) {}", /x\.ts:1:/],
];

for (const [name, code, message] of REFUSED_CODE) {
  Deno.test(`Code with ${name} is refused with its place`, () => check(code, message));
}

Deno.test("A syntax error in JavaScript is told with its place", async () => {
  await assert.rejects(
    () => bundleOf({ "/plan/x.js": "let a;\nlet a;" }, "/plan/x.js"),
    /Cannot load x\.js:2:5: Identifier 'a' has already been declared/,
  );
});

Deno.test("A refusal in an imported file names that file", () =>
  check({
    "/plan/strategies/x.ts": 'import { a } from "../lib/a.ts"; a();',
    "/plan/lib/a.ts": 'export const a = 1;\nimport "node:fs";',
  }, /Cannot load lib\/a\.ts:2:8: "node:fs" is refused/));

Deno.test("Circular imports are refused with their whole way", () =>
  check({
    "/plan/strategies/x.ts": 'import { a } from "./a.ts"; a();',
    "/plan/strategies/a.ts": 'import { b } from "./b.ts";\nexport const a = b;',
    "/plan/strategies/b.ts": 'import { a } from "./a.ts";\nexport const b = () => a;',
  }, /b\.ts:1:19: circular import strategies\/a\.ts → strategies\/b\.ts → strategies\/a\.ts/));

Deno.test("An entry file outside of the plan's folder may import from its own folder", async () => {
  const files = {
    "/elsewhere/x.ts": 'import { a } from "./lib/a.ts"; export const b = a;',
    "/elsewhere/lib/a.ts": "export const a = 7;",
  };
  const { path, url } = await bundleOf(files, "/elsewhere/x.ts");
  assert.equal(path, "/elsewhere/x.ts");
  assert.match(url, /^data:text\/javascript;liu=x\.1,/);
});

Deno.test("An import of types only disappears, though it is not marked as one", async () => {
  const code = codeOf(
    await bundleOf({
      "/plan/strategies/x.ts": `import { buy, Tick, type Decision, Strategy } from "liu";
import { Levels } from "./missing_is_fine.ts";
import Whole, * as all from "./also_missing.ts";
export { Strategy };
export const run = (tick: Tick, levels: Levels, w: Whole): Decision => buy(tick);`,
    }),
  );
  assert.match(code, /import \{ buy, +Strategy \} from "liu";/);
  assert.doesNotMatch(code, /missing/);
  assert.equal(code.split("\n").length, 5);
});

Deno.test("In JavaScript every import stays", async () => {
  const files = { "/plan/x.js": 'import { buy } from "liu";' };
  assert.match(codeOf(await bundleOf(files, "/plan/x.js")), /import \{ buy \} from "liu";$/);
});

Deno.test("Every loop and every function has a guard, and lines stay", async () => {
  const code = codeOf(
    await bundleOf({
      "/plan/strategies/x.ts": `for (;;);
for (const a of []) a;
do a(); while (b)
for (const c in {}) { c; }
const d = (e: number) => ({ e });
const f = async (g: number) =>
  // why
  await g
class H { i() {} get j() { return 1; } static { while (1) break; } }`,
    }),
  );
  const guard = "if(__liu_flag[0]!==0)throw __liu_halt();";
  const lines = code.split("\n");
  assert.ok(lines[0].endsWith(`for (;;){${guard};}`), lines[0]);
  assert.equal(lines[1], `for (const a of []) {${guard}a;}`);
  assert.equal(lines[2], `do {${guard}a();} while (b)`);
  assert.equal(lines[3], `for (const c in {}) {${guard} c; }`);
  assert.equal(lines[4], `const d = (e        ) =>{${guard}return( ({ e }))};`);
  assert.equal(lines[5], `const f = async (g        ) =>{${guard}return(`);
  assert.equal(lines[7], "  await g)}");
  assert.equal(lines[8].split(guard).length, 4);
});

Deno.test("Different ids give different modules, same ids the same", async () => {
  const options = { entry: "/plan/x.ts", root: "/plan", read: () => "export default 1;" };
  const a = await bundle({ ...options, id: "a" });
  const b = await bundle({ ...options, id: "a_b" });
  const c = await bundle({ ...options, id: "a b" });
  assert.equal(new Set([a.url, b.url, c.url]).size, 3);
  assert.deepEqual(await bundle({ ...options, id: "a" }), a);
});

Deno.test("A file that is imported twice is one module", async () => {
  const { files, url } = await bundleOf({
    "/plan/strategies/x.ts": 'import { a } from "./a.ts";\nimport { b } from "./b.ts";\na + b;',
    "/plan/strategies/a.ts": 'import { c } from "./c.ts";\nexport const a = c;',
    "/plan/strategies/b.ts": 'import { c } from "./c.ts";\nexport const b = c;',
    "/plan/strategies/c.ts": "export const c = {};",
  });
  assert.deepEqual(files.map(({ path }) => path).sort(), [
    "strategies/a.ts",
    "strategies/b.ts",
    "strategies/c.ts",
    "strategies/x.ts",
  ]);
  assert.equal(url.split("liu=x.0,").length, 3);
});

Deno.test("Imports nested ten deep grow by little", async () => {
  const files: Files = {};
  const body = "// a comment of some length, to have something to carry\n".repeat(20);
  for (let i = 0; i < 10; i++) {
    files[`/plan/${i}.ts`] = `import { a } from "./${i + 1}.ts"; export { a };\n${body}`;
  }
  files["/plan/10.ts"] = "export const a = 1;";
  const { url } = await bundleOf(files, "/plan/0.ts");
  assert.ok(url.length < 3 * 10 * body.length, `${url.length} characters`);
});

Deno.test("A stack's frames are mapped to the author's lines and columns", async () => {
  const made = await bundleOf({
    "/plan/strategies/x.ts": 'import { a } from "./a.ts"; export const b = () => a.c;\nb();',
    "/plan/strategies/a.ts": "export const a = { get c() { throw new Error('x'); } };",
  });
  const lines = codeOf(made).split("\n");
  const column = lines[0].lastIndexOf("a.c") + 1;
  const stack = `Error: x
    at b (data:text/javascript;liu=x.1,import{guards as ......b();:1:${column})
    at async ${made.url}:2:1
    at async Promise.all (index 0)
    at other (data:text/javascript;liu=y.0,zzz:3:4)`;
  assert.equal(
    mapStack(stack, [made]),
    `Error: x
    at b (strategies/x.ts:1:52)
    at async strategies/x.ts:2:1
    at async Promise.all (index 0)
    at other (data:text/javascript;liu=y.0,zzz:3:4)`,
  );
});
