// How a user's file becomes something a worker without permissions can import. Runs on main.
// Invariant: user code is read here and never executed; what is not admitted by name is refused.
import { dirname, relative, resolve } from "node:path";
import { ConfigError } from "../util/errors.ts";
import { GUARDS_URL } from "./guards_url.ts";
import {
  applyEdits,
  type ColumnShift,
  type Edit,
  type ImportSite,
  type ParsedModule,
  parseModule,
  refusal,
} from "./rewrite_module.ts";

/** A user's file with its relative imports, as one URL. Plain data: it crosses ports. */
export interface Bundle {
  /** Unique in a worker: the same file in two bundles is two modules, with state of their own. */
  id: string;
  /** The entry's path as it is shown in messages. */
  path: string;
  /** What `loadUserModule` imports: a data: URL that has all others in it. */
  url: string;
  /** Where stack frames come from, by the key in their URL. */
  files: BundledFile[];
}

export interface BundledFile {
  key: string;
  path: string;
  shifts: ColumnShift[];
}

export interface BundleOptions {
  /** The strategy's (scanner's, miner's) name. */
  id: string;
  /** Absolute path of the entry file. */
  entry: string;
  /**
   * The tradeplan's folder, absolute: imports stay inside of it, or inside of the entry's own
   * folder.
   */
  root: string;
  /** Gives a file's text; what it throws is told as the reason. */
  read(path: string): Promise<string> | string;
}

const FILES_MAX = 200;
const CHARS_MAX = 16_000_000;
const EXTENSIONS = /\.m?[jt]s$/;

/**
 * Reads an entry file and all that it imports, checks it, and makes one importable URL of it.
 * Throws ConfigError, with file, line and column, for code that does not compile and for what is
 * not admitted.
 *
 * Admitted are "liu" and relative paths written out with their extension (.ts, .mts, .js, .mjs),
 * anywhere under `root` or the entry's folder. Types are taken off, nothing is translated.
 */
export async function bundle(options: BundleOptions): Promise<Bundle> {
  const walk: Walk = { ...options, made: new Map(), files: [], trail: [] };
  const entry = resolve(options.entry);
  const url = await bundleFile(walk, entry, (why) => new ConfigError(why));
  return { id: options.id, path: shownPath(walk, entry), url, files: walk.files };
}

/**
 * The same code as another module: imported, its state and that of all its files is new. Instances
 * of one bundle are told apart by `n`.
 */
export function freshInstance({ id, path, url, files }: Bundle, n: number): Bundle {
  return {
    id,
    path,
    url: url.replace(/(data:text\/javascript;liu=[\w.]+),/g, `$1.${n},`),
    files: files.map((file) => ({ ...file, key: `${file.key}.${n}` })),
  };
}

interface Walk extends BundleOptions {
  /** URLs by absolute path. */
  made: Map<string, string>;
  files: BundledFile[];
  /** Absolute paths from the entry to the file that is being made. */
  trail: string[];
}

async function bundleFile(
  walk: Walk,
  path: string,
  refuse: (why: string) => ConfigError,
): Promise<string> {
  const made = walk.made.get(path);
  if (made !== undefined) return made;
  const shown = shownPath(walk, path);
  if (!EXTENSIONS.test(path)) {
    throw refuse(`"${shown}" must end in .ts, .mts, .js or .mjs: write the extension out`);
  }
  const module = parseModule(shown, await readFile(walk, path, refuse));
  walk.trail.push(path);
  const imports: Edit[] = [];
  for (const site of module.imports) {
    const insert = await replacement(walk, path, module, site);
    imports.push({ at: site.at, remove: site.length, insert });
  }
  walk.trail.pop();
  const url = makeUrl(walk, module, imports);
  walk.made.set(path, url);
  return url;
}

async function readFile(
  walk: Walk,
  path: string,
  refuse: (why: string) => ConfigError,
): Promise<string> {
  try {
    return await walk.read(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw refuse(`cannot read ${shownPath(walk, path)}: ${why}`);
  }
}

/** What stands in an import's place, quotes included. */
async function replacement(
  walk: Walk,
  from: string,
  module: ParsedModule,
  site: ImportSite,
): Promise<string> {
  const { specifier } = site;
  const refuse = (why: string) => refusal(module.path, module.text, site.at, why);
  if (specifier === "liu") return '"liu"';
  if (specifier === "liu/analysis") {
    throw refuse('"liu/analysis" is for notebooks and programs of your own, not for what trades');
  }
  if (specifier === "liu/testing") {
    throw refuse('"liu/testing" is for tests only: import it in a test file, not in what trades');
  }
  if (!/^\.\.?\//.test(specifier)) {
    throw refuse(
      `"${specifier}" is refused: user code imports "liu" and its own files by relative path ` +
        `("./levels.ts"), nothing else. Copy what you need into such a file`,
    );
  }
  if (/[?#%]/.test(specifier)) throw refuse(`"${specifier}": ?, # and % are refused in imports`);
  const path = resolve(dirname(from), specifier);
  if (!isUnder(walk.root, path) && !isUnder(dirname(resolve(walk.entry)), path)) {
    throw refuse(`"${specifier}" lies outside of ${walk.root}: move it there`);
  }
  const start = walk.trail.indexOf(path);
  if (start >= 0) {
    const circle = [...walk.trail.slice(start), path].map((file) => shownPath(walk, file));
    throw refuse(
      `circular import ${circle.join(" → ")}: move what both need into a file of its own`,
    );
  }
  return `"${await bundleFile(walk, path, refuse)}"`;
}

function makeUrl(walk: Walk, module: ParsedModule, imports: Edit[]): string {
  const key = `${encodeName(walk.id)}.${walk.files.length}`;
  // On the first line, so that lines stay; user code has no names that begin with __liu.
  const prelude = `import{guards as __liu_guards}from"${GUARDS_URL}";` +
    `const{flag:__liu_flag,halt:__liu_halt}=__liu_guards[${JSON.stringify(walk.id)}];` +
    (module.text.startsWith("#!") ? "//" : "");
  const edits = [{ at: 0, remove: 0, insert: prelude }, ...module.edits, ...imports];
  const { code, shifts } = applyEdits(module.text, edits);
  const url = `data:text/javascript;liu=${key},${encode(code)}`;
  walk.files.push({ key, path: module.path, shifts });
  if (walk.files.length > FILES_MAX || url.length > CHARS_MAX) {
    throw new ConfigError(
      `Cannot load ${shownPath(walk, resolve(walk.entry))}: it imports too much (at most ` +
        `${FILES_MAX} files, ${CHARS_MAX / 1e6} MB with those imported twice): import less`,
    );
  }
  return url;
}

/**
 * Only what a URL or a double-quoted text can't hold is encoded: in a URL nested n deep a line
 * break grows by 2n characters, where base64 would grow everything by a third each time.
 */
function encode(code: string): string {
  return code.toWellFormed().replace(/[^ -~]+|["#%\\]/g, encodeURIComponent)
    .replaceAll("'", "%27");
}

/** A name as a token that a URL's parameter can hold; different names stay different. */
function encodeName(name: string): string {
  return name.replace(/[^A-Za-z0-9]/gu, (c) => `_${c.codePointAt(0)!.toString(16)}_`);
}

function shownPath(walk: Walk, path: string): string {
  return isUnder(walk.root, path) ? relative(walk.root, path).replaceAll("\\", "/") : path;
}

function isUnder(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== "" && !/^\.\.([\\/]|$)/.test(way) && resolve(folder, way) === resolve(path);
}
