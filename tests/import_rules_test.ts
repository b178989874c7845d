/**
 * Who may import whom, as ARCHITECTURE.md maps it.
 * Invariant: imports go to a lower layer or stay in their own folder, so that each layer can be read,
 * tested and replaced without those above it.
 */
import assert from "node:assert/strict";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** What a file of `src` belongs to, and its layer. mod.ts and protocol.ts stand on top of theirs. */
const LAYERS: Record<string, number> = {
  util: 0,
  model: 1,
  contracts: 2,
  fincalcs: 2,
  "mod.ts": 2.5,
  config: 3,
  wire: 3,
  matching: 3,
  recorded: 3,
  sandbox: 3,
  "protocol.ts": 3.5,
  protocol: 3.4,
  providers: 4,
  brokers: 4,
  scanners: 4,
  strategies: 4,
  miners: 4,
  store: 4,
  history: 4,
  control: 4,
  alerts: 4,
  engine: 5,
  backtest: 6,
  analysis: 6,
  simulator: 6,
  testing: 5.5,
  "testing.ts": 6,
  // Made of backtests, and of what they earned.
  optimizer: 6.5,
  // A report as a page.
  tear_sheet: 6.5,
  "analysis.ts": 6.6,
  commands: 7,
};
/** Workers wire ports to src; main.ts starts the commands. */
const ENTRIES = 8;
const PLUG_INS = ["providers", "brokers", "scanners", "strategies", "miners"];
/** Packages that one part alone may import. */
const PACKAGES: Record<string, string[]> = {
  postgres: ["store"],
  "@electric-sql/pglite": ["store"],
  commander: ["commands", "contracts"],
  "smol-toml": ["config"],
  "@logtape/logtape": ["util"],
  "genetic-search": ["optimizer"],
  jstat: ["optimizer"],
  grammy: ["alerts"],
};

interface Import {
  from: string;
  /** A path in the repository, or what is written. */
  to: string;
}

Deno.test("imports go to lower layers only, and plug-ins do not know one another", async () => {
  const imports = await importsOf(await sources());
  assert.ok(imports.length > 50, `only ${imports.length} imports were found`);
  const wrong = imports.map((item) => [item, problemOf(item)] as const)
    .filter(([, problem]) => problem !== null)
    .map(([{ from, to }, problem]) => `${from} imports ${to}: ${problem}`);
  assert.deepEqual(wrong, []);
});

Deno.test("no import goes out of a folder and comes back to its file", async () => {
  const next = new Map<string, string[]>();
  for (const { from, to } of await importsOf(await sources())) {
    next.set(from, [...next.get(from) ?? [], to]);
  }
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, way: string[]) => {
    if (done.has(file)) return;
    if (way.includes(file)) {
      const cycle = [...way.slice(way.indexOf(file)), file];
      if (new Set(cycle.map(partOf)).size > 1) cycles.push(cycle.join(" → "));
      return;
    }
    for (const to of next.get(file) ?? []) visit(to, [...way, file]);
    done.add(file);
  };
  for (const file of next.keys()) visit(file, []);
  assert.deepEqual(cycles, []);
});

Deno.test("what a user's code may import is made of layers 1 and 2 alone", async () => {
  const imports = await importsOf(await sources());
  const own = imports.filter(({ from }) => from === "src/mod.ts");
  assert.ok(own.length > 0);
  for (const { to } of own) {
    assert.ok(["model", "contracts", "fincalcs"].includes(partOf(to) ?? ""), to);
  }
  const code = await Deno.readTextFile(join(ROOT, "src/mod.ts"));
  const rest = code.replace(
    /\/\*[^]*?\*\/|\/\/.*|export (type )?(\*|\{[^}]*\}) from "[^"]+";/g,
    "",
  );
  assert.equal(rest.trim(), "", "mod.ts re-exports and does nothing else");
});

function problemOf({ from, to }: Import): string | null {
  if (!to.startsWith("src/") && !to.startsWith("workers/") && !to.startsWith("tests/")) {
    const owners = PACKAGES[packageOf(to)];
    const isOwner = owners === undefined || owners.includes(partOf(from) ?? "");
    return isOwner ? null : `only src/${owners!.join(" and src/")} may`;
  }
  if (to.startsWith("tests/") || to.endsWith("_test.ts")) return "nothing may import tests";
  if (to.startsWith("workers/")) return "workers are started by their URL";
  const [fromPart, toPart] = [partOf(from), partOf(to)];
  if (toPart === null || LAYERS[toPart] === undefined) return "it has no layer";
  const layer = fromPart === null ? ENTRIES : LAYERS[fromPart];
  if (layer === undefined) return `${from} has no layer`;
  if (fromPart === toPart) return siblingProblem(from, to, toPart);
  // What a strategy is holds indicators, and analysis speaks of stored trades.
  if (layer === 2 && LAYERS[toPart] === 2) return null;
  if (fromPart === "engine" && (PLUG_INS.includes(toPart) || toPart === "store")) {
    return "plug-ins and the store are passed in to the engine";
  }
  return LAYERS[toPart]! < layer ? null : `layer ${LAYERS[toPart]} is not below ${layer}`;
}

/** A plug-in that was split has files that begin with its name: alpaca.ts, alpaca_stream.ts. The registry says what all are given. */
function siblingProblem(from: string, to: string, part: string): string | null {
  if (!PLUG_INS.includes(part) || [from, to].some((path) => path.endsWith("/registry.ts"))) {
    return null;
  }
  const [a, b] = [from, to].map((path) => path.replace(/\.ts$/, ""));
  return a!.startsWith(b!) || b!.startsWith(a!) ? null : "plug-ins may not import one another";
}

/** "src/util/log.ts" → "util", "src/mod.ts" → "mod.ts", "main.ts" → null. */
function partOf(path: string): string | null {
  return /^src\/([^/]+)/.exec(path)?.[1] ?? null;
}

/** "npm:/@scope/name@1.2.3/sub" → "@scope/name" */
function packageOf(specifier: string): string {
  return /^(?:npm:)?\/?((?:@[^/]+\/)?[^/@]+)/.exec(specifier)?.[1] ?? specifier;
}

/** All files of the program, tests left out. */
async function sources(): Promise<string[]> {
  const files = ["main.ts"];
  const walk = async (folder: string) => {
    for await (const entry of Deno.readDir(join(ROOT, folder))) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory) await walk(path);
      else if (path.endsWith(".ts") && !path.endsWith("_test.ts")) files.push(path);
    }
  };
  await walk("src");
  await walk("workers");
  return files.sort();
}

/** Static, dynamic and type imports of these files, as Deno itself reads them. */
async function importsOf(files: string[]): Promise<Import[]> {
  const folder = await Deno.makeTempDir();
  try {
    const root = join(folder, "all.ts");
    const lines = files.map((file) =>
      `import ${JSON.stringify(pathToFileURL(join(ROOT, file)).href)};`
    );
    await Deno.writeTextFile(root, lines.join("\n"));
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--no-lock", "--config", join(ROOT, "deno.json"), root],
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    return importsIn(JSON.parse(new TextDecoder().decode(stdout)), new Set(files));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

interface DenoInfo {
  modules: {
    specifier: string;
    dependencies?: { specifier: string; code?: Resolved; type?: Resolved }[];
  }[];
}
interface Resolved {
  specifier?: string;
}

function importsIn(info: DenoInfo, files: Set<string>): Import[] {
  const pathOf = (url: string) =>
    url.startsWith("file:") ? relative(ROOT, fileURLToPath(url)).replaceAll("\\", "/") : url;
  return info.modules
    .filter(({ specifier }) => files.has(pathOf(specifier)))
    .flatMap(({ specifier, dependencies = [] }) =>
      dependencies.map(({ specifier: written, code, type }) => ({
        from: pathOf(specifier),
        to: pathOf(code?.specifier ?? type?.specifier ?? written),
      }))
    );
}
