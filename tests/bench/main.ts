/**
 * `deno task bench`: all figures of speed, part after part, each in a process of its own.
 *
 *   deno task bench [PART[=ARGUMENT,…]…]     optimizer=1000: a thousand trials
 *
 * Exit code 1: a part's results were wrong, or a figure is not met.
 */

/** A part is one file here, and a line; it prints its figures and ends with 1 where one is not met. */
const PARTS: Record<string, { file: string; permissions: string[] }> = {
  socket: { file: "throughput.ts", permissions: ["net", "read", "env", "sys"] },
  backtest: { file: "backtest.ts", permissions: ["read", "env", "sys"] },
  optimizer: { file: "optimizer.ts", permissions: ["read", "env", "sys"] },
  daily: { file: "daily.ts", permissions: ["read", "env", "sys"] },
  miner: { file: "miner.ts", permissions: ["net", "read", "write", "env", "sys"] },
  process: { file: "process.ts", permissions: ["read", "write", "env", "sys", "run"] },
};

/** `part`: its name, and what it is given behind "=". */
async function run(part: string): Promise<boolean> {
  const [name, given] = part.split("=");
  const { file, permissions } = PARTS[name];
  console.log(`\n${name}`);
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      ...permissions.map((permission) => `--allow-${permission}`),
      new URL(file, import.meta.url).href,
      ...given?.split(",") ?? [],
    ],
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn().status;
  return success;
}

const wanted = Deno.args.length > 0 ? Deno.args : Object.keys(PARTS);
const unknown = wanted.find((part) => !Object.hasOwn(PARTS, part.split("=")[0]));
if (unknown !== undefined) {
  console.error(`There is no part "${unknown}": give some of ${Object.keys(PARTS).join(", ")}`);
  Deno.exit(2);
}
let isMet = true;
for (const name of wanted) isMet = await run(name) && isMet;
if (!isMet) Deno.exitCode = 1;
