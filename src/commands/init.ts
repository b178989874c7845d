import { dirname, join, relative, resolve } from "node:path";
import type { Command } from "../contracts/command.ts";
import { ConfigError, OperationError } from "../util/errors.ts";
import { TEMPLATES } from "./init_templates.ts";

export const command: Command = {
  examples: [
    { line: "liu init", does: "write the files into this folder" },
    { line: "liu init plans/first", does: "into another, which is made" },
  ],

  configure(command) {
    command.argument("[folder]", "where the files go", ".");
  },

  async run({ operands }, host) {
    const folder = resolve(host.cwd, operands[0] ?? ".");
    const names = Object.keys(TEMPLATES);
    const present: string[] = [];
    for (const name of names) if (await exists(join(folder, name))) present.push(name);
    if (present.length > 0) {
      throw new ConfigError(
        `Cannot write the files of a new plan: ${present.join(", ")} ` +
          `${present.length === 1 ? "is" : "are"} there already and would be overwritten. ` +
          `Name another folder: liu init FOLDER`,
      );
    }
    for (const [name, text] of Object.entries(TEMPLATES)) {
      await write(join(folder, name), text);
    }
    host.out(nextSteps(relative(host.cwd, folder), names));
  },
};

async function write(path: string, text: string): Promise<void> {
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, text, { createNew: true });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new OperationError(`Cannot write ${path}: ${why}`, { cause: error });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    // A part of the path that is a file is told by the write that follows.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    throw error;
  }
}

function nextSteps(folder: string, names: string[]): string {
  const enter = folder === "" ? "" : `\n  cd ${folder}`;
  return `Wrote:
${names.map((name) => `  ${join(folder, name)}`).join("\n")}

Next, on a simulated exchange, without an account:${enter}
  liu simulate --generate 30 --seed 1 --speed 60 --port 8080
and in a second terminal:${enter}
  APCA_API_BASE_URL=http://127.0.0.1:8080 APCA_API_KEY_ID=me APCA_API_SECRET_KEY=me liu trader

With an Alpaca paper account: put its keys into the environment (.env.example says which), then: liu trader
`;
}
