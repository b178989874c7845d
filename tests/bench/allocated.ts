import { Session } from "node:inspector";

/** V8 looks at one allocation in about so many bytes. */
const SAMPLING_BYTES = 4096;

interface ProfileNode {
  selfSize: number;
  children: ProfileNode[];
}

/** Bytes that a run allocates on the heap, what is collected meanwhile too: V8's own sampling. */
export async function allocatedBy(run: () => Promise<unknown>): Promise<number> {
  const session = new Session();
  session.connect();
  const post = (method: string, parameters: object = {}) =>
    new Promise<{ profile: { head: ProfileNode } }>((resolve, reject) =>
      session.post(
        method as "HeapProfiler.stopSampling",
        parameters as never,
        (error: Error | null, result: unknown) =>
          error ? reject(error) : resolve(result as { profile: { head: ProfileNode } }),
      )
    );
  await post("HeapProfiler.enable");
  await post("HeapProfiler.startSampling", {
    samplingInterval: SAMPLING_BYTES,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  await run();
  const { profile } = await post("HeapProfiler.stopSampling");
  session.disconnect();
  return sizeOf(profile.head);
}

function sizeOf(node: ProfileNode): number {
  return node.children.reduce((sum, child) => sum + sizeOf(child), node.selfSize);
}
