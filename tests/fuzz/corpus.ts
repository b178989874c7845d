/** What earlier runs found worth starting from: a file a parser, a line an input, in base64. */
import { Buffer } from "node:buffer";

const fileOf = (target: string) => new URL(`./corpus/${target}.txt`, import.meta.url);

export async function readCorpus(target: string): Promise<Uint8Array[]> {
  const text = await Deno.readTextFile(fileOf(target)).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  });
  return text.split("\n").filter((line) => line !== "")
    .map((line) => new Uint8Array(Buffer.from(line, "base64")));
}

export async function writeCorpus(target: string, inputs: readonly Uint8Array[]): Promise<void> {
  const lines = new Set(inputs.map((input) => Buffer.from(input).toString("base64")));
  await Deno.mkdir(new URL("./corpus/", import.meta.url), { recursive: true });
  await Deno.writeTextFile(fileOf(target), [...lines].sort().join("\n") + "\n");
}
