import { resolve } from "node:path";
import { ConfigError, OperationError } from "../util/errors.ts";

/** A file that the user named for what a long run gives: tried before it, written after it. */
export class OutputFile {
  private constructor(private readonly path: string) {}

  /** Nothing is left of the try, and what the file holds stays. Throws ConfigError. */
  static async open(file: string, cwd: string): Promise<OutputFile> {
    const path = resolve(cwd, file);
    try {
      const isNew = await Deno.lstat(path).then(() => false, () => true);
      (await Deno.open(path, { append: true, create: true })).close();
      if (isNew) await Deno.remove(path);
    } catch (error) {
      throw new ConfigError(
        `Cannot write ${path}: ${(error as Error).message}. Name a file that can be written`,
      );
    }
    return new OutputFile(path);
  }

  /** After the result has been told: it is not lost with the file. Throws OperationError. */
  async write(content: string | Uint8Array): Promise<void> {
    try {
      if (typeof content === "string") await Deno.writeTextFile(this.path, content);
      else await Deno.writeFile(this.path, content);
    } catch (error) {
      throw new OperationError(
        `Cannot write ${this.path}: ${(error as Error).message}. The result is told above`,
      );
    }
  }
}
