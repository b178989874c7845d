import assert from "node:assert/strict";
import { join } from "node:path";
import { loadFile } from "./load_file.ts";

/** Two minutes of AAPL, written by DuckDB 2.0.0. */
const FILES = {
  snappy:
    "UEFSMRUAFSwVMCwVBBUAFQYVBgAAFlQCAAAABAEEAAAAQUFQTAQAAABBQVBMFQAVLBUwLBUEFQAVBhUGAAAWVAIAAA" +
    "AEAQDqBFuu1AUAAHGYXq7UBQAVABUsFTAsFQQVABUGFQYAABZUAgAAAAQBAAAAAAAA8D8AAAAAAAD4PxUAFSwVMCwV" +
    "BBUAFQYVBgAAFlQCAAAABAEAAAAAAAAAQAAAAAAAAPw/FQAVLBUwLBUEFQAVBhUGAAAWVAIAAAAEAQAAAAAAAOA/mp" +
    "mZmZmZ8T8VABUsFTAsFQQVABUGFQYAABZUAgAAAAQBAAAAAAAA+D+amZmZmZnxPxUAFSwVMCwVBBUAFQYVBgAAFlQC" +
    "AAAABAFkAAAAAAAAAAAAAAAAAAAAFQIZjDUAGA1kdWNrZGJfc2NoZW1hFQ4AFQwlAhgGc3ltYm9sJQAAFQQlAhgJdG" +
    "ltZXN0YW1wJRRMjBEcLAAAAAAAFQolAhgEb3BlbgAVCiUCGARoaWdoABUKJQIYA2xvdwAVCiUCGAVjbG9zZQAVBCUC" +
    "GAZ2b2x1bWUlJAAWBBkcGXwmABwVDBkVABkYBnN5bWJvbBUCFgQWThZSJgg8GARBQVBMGARBQVBMFgAoBEFBUEwYBE" +
    "FBUEwREQAZHBUAFQAVAgAAACYAHBUEGRUAGRgJdGltZXN0YW1wFQIWBBZOFlImWjwYCABxmF6u1AUAGAgA6gRbrtQF" +
    "ABYAKAgAcZhertQFABgIAOoEW67UBQAREQAZHBUAFQAVAgAAACYAHBUKGRUAGRgEb3BlbhUCFgQWThZSJqwBPBgIAA" +
    "AAAAAA+D8YCAAAAAAAAPA/FgAoCAAAAAAAAPg/GAgAAAAAAADwPxERFgAAGRwVABUAFQIAAAAmABwVChkVABkYBGhp" +
    "Z2gVAhYEFk4WUib+ATwYCAAAAAAAAABAGAgAAAAAAAD8PxYAKAgAAAAAAAAAQBgIAAAAAAAA/D8RERYAABkcFQAVAB" +
    "UCAAAAJgAcFQoZFQAZGANsb3cVAhYEFk4WUibQAjwYCJqZmZmZmfE/GAgAAAAAAADgPxYAKAiamZmZmZnxPxgIAAAA" +
    "AAAA4D8RERYAABkcFQAVABUCAAAAJgAcFQoZFQAZGAVjbG9zZRUCFgQWThZSJqIDPBgIAAAAAAAA+D8YCJqZmZmZmf" +
    "E/FgAoCAAAAAAAAPg/GAiamZmZmZnxPxERFgAAGRwVABUAFQIAAAAmABwVBBkVABkYBnZvbHVtZRUCFgQWThZSJvQD" +
    "PBgIZAAAAAAAAAAYCAAAAAAAAAAAFgAoCGQAAAAAAAAAGAgAAAAAAAAAABERABkcFQAVABUCAAAAFqIEFgQmCBa+BA" +
    "AoKER1Y2tEQiB2ZXJzaW9uIHYyLjAuMCAoYnVpbGQgZDU0Y2JiZTNkZikZfBwAABwAABwAABwAABwAABwAABwAAAAU" +
    "AwAAUEFSMQ==",
  zstd:
    "UEFSMRUAFSwVPiwVBBUAFQYVBgAAKLUv/SAWsQAAAgAAAAQBBAAAAEFBUEwEAAAAQUFQTBUAFSwVPiwVBBUAFQYVBg" +
    "AAKLUv/SAWsQAAAgAAAAQBAOoEW67UBQAAcZhertQFABUAFSwVPiwVBBUAFQYVBgAAKLUv/SAWsQAAAgAAAAQBAAAA" +
    "AAAA8D8AAAAAAAD4PxUAFSwVPiwVBBUAFQYVBgAAKLUv/SAWsQAAAgAAAAQBAAAAAAAAAEAAAAAAAAD8PxUAFSwVPi" +
    "wVBBUAFQYVBgAAKLUv/SAWsQAAAgAAAAQBAAAAAAAA4D+amZmZmZnxPxUAFSwVPiwVBBUAFQYVBgAAKLUv/SAWsQAA" +
    "AgAAAAQBAAAAAAAA+D+amZmZmZnxPxUAFSwVLiwVBBUAFQYVBgAAKLUv/SAWdQAAQAIAAAAEAWQAAQAy4AIVAhmMNQ" +
    "AYDWR1Y2tkYl9zY2hlbWEVDgAVDCUCGAZzeW1ib2wlAAAVBCUCGAl0aW1lc3RhbXAlFEyMERwsAAAAAAAVCiUCGARv" +
    "cGVuABUKJQIYBGhpZ2gAFQolAhgDbG93ABUKJQIYBWNsb3NlABUEJQIYBnZvbHVtZSUkABYEGRwZfCYAHBUMGRUAGR" +
    "gGc3ltYm9sFQwWBBZOFmAmCDwYBEFBUEwYBEFBUEwWACgEQUFQTBgEQUFQTBERABkcFQAVABUCAAAAJgAcFQQZFQAZ" +
    "GAl0aW1lc3RhbXAVDBYEFk4WYCZoPBgIAHGYXq7UBQAYCADqBFuu1AUAFgAoCABxmF6u1AUAGAgA6gRbrtQFABERAB" +
    "kcFQAVABUCAAAAJgAcFQoZFQAZGARvcGVuFQwWBBZOFmAmyAE8GAgAAAAAAAD4PxgIAAAAAAAA8D8WACgIAAAAAAAA" +
    "+D8YCAAAAAAAAPA/EREWAAAZHBUAFQAVAgAAACYAHBUKGRUAGRgEaGlnaBUMFgQWThZgJqgCPBgIAAAAAAAAAEAYCA" +
    "AAAAAAAPw/FgAoCAAAAAAAAABAGAgAAAAAAAD8PxERFgAAGRwVABUAFQIAAAAmABwVChkVABkYA2xvdxUMFgQWThZg" +
    "JogDPBgImpmZmZmZ8T8YCAAAAAAAAOA/FgAoCJqZmZmZmfE/GAgAAAAAAADgPxERFgAAGRwVABUAFQIAAAAmABwVCh" +
    "kVABkYBWNsb3NlFQwWBBZOFmAm6AM8GAgAAAAAAAD4PxgImpmZmZmZ8T8WACgIAAAAAAAA+D8YCJqZmZmZmfE/EREW" +
    "AAAZHBUAFQAVAgAAACYAHBUEGRUAGRgGdm9sdW1lFQwWBBZOFlAmyAQ8GAhkAAAAAAAAABgIAAAAAAAAAAAWACgIZA" +
    "AAAAAAAAAYCAAAAAAAAAAAEREAGRwVABUAFQIAAAAWogQWBCYIFpAFACgoRHVja0RCIHZlcnNpb24gdjIuMC4wIChi" +
    "dWlsZCBkNTRjYmJlM2RmKRl8HAAAHAAAHAAAHAAAHAAAHAAAHAAAABQDAABQQVIx",
};

async function withFile(bytes: Uint8Array, run: (file: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "liu-parquet-" });
  try {
    const file = join(folder, "bars.parquet");
    await Deno.writeFile(file, bytes);
    await run(file);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const [compression, text] of Object.entries(FILES)) {
  const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  Deno.test(`a Parquet file compressed by ${compression} has the columns and checks of CSV`, () =>
    withFile(bytes, async (file) => {
      const [{ symbol, minuteBars }] = await loadFile({ kind: "bars", file });
      assert.equal(symbol, "AAPL");
      const first = Date.parse("2022-01-03T14:30:00Z") * 1000;
      assert.deepEqual([...minuteBars.timeUs], [first, first + 60e6]);
      assert.deepEqual([...minuteBars.close], [1.5, 1.1]);
      assert.deepEqual([...minuteBars.volume], [100, 0]);
      await assert.rejects(loadFile({ kind: "trades", file }), {
        name: "ConfigError",
        message: /unknown column "open"/,
      });
    }));

  Deno.test(`a damaged Parquet file compressed by ${compression} is refused`, () =>
    withFile(bytes.slice(0, -9), async (file) => {
      await assert.rejects(loadFile({ kind: "bars", file }), {
        name: "ConfigError",
        message: /Cannot read .*bars\.parquet as Parquet/,
      });
    }));
}
