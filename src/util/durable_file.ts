/** Files that outlive a crash, whole. */
import { dirname } from "node:path";

/** Gives the number of bytes. */
export async function writeAll(file: Deno.FsFile, text: string): Promise<number> {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) {
    written += await file.write(bytes.subarray(written));
  }
  return bytes.length;
}

/**
 * Writes a whole file, in the place of one of that name: after a crash there is all of it, or what
 * was there before. Gives it open, to be written on at its end.
 */
export async function replaceFile(path: string, text: string): Promise<Deno.FsFile> {
  const draft = `${path}.new`;
  const file = await Deno.open(draft, { create: true, write: true, truncate: true });
  try {
    await writeAll(file, text);
    await file.sync();
    await Deno.rename(draft, path);
    await syncFolder(dirname(path));
  } catch (error) {
    file.close();
    throw error;
  }
  return file;
}

/** A new file outlives a power cut only when its folder was written too. */
export async function syncFolder(path: string): Promise<void> {
  using folder = await Deno.open(path);
  await folder.sync();
}
