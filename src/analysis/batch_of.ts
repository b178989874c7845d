import type { BatchSummary, Store } from "../contracts/store.ts";
import { OperationError } from "../util/errors.ts";

/** As many are looked through for what an id begins with. */
const BATCHES_LOOKED_AT = 1000;
const BATCHES_SHOWN = 3;

/**
 * The id that is meant by a whole one, by what only one begins with, or by "last": the newest batch,
 * of those that `isMeant`. Throws OperationError.
 */
export async function batchOf(
  store: Pick<Store, "runs" | "batches">,
  asked: string,
  isMeant: (batch: BatchSummary) => boolean = () => true,
): Promise<string> {
  if (asked !== "last" && (await store.runs(asked)).length > 0) return asked;
  const batches = await store.batches(BATCHES_LOOKED_AT);
  if (asked === "last") {
    const newest = batches.find(isMeant);
    if (newest) return newest.batchId;
    throw new OperationError("There is no batch yet: run liu trader, or liu demo, first");
  }
  const alike = batches.filter(({ batchId }) => asked !== "" && batchId.startsWith(asked));
  if (alike.length === 1) return alike[0].batchId;
  if (alike.length > 1) {
    throw new OperationError(`"${asked}" may be ${idsText(alike)}: write more of it`);
  }
  throw new OperationError(
    `There is no batch "${asked}"` +
      (batches.length > 0 ? `; the newest are ${idsText(batches)}` : ""),
  );
}

function idsText(batches: readonly BatchSummary[]): string {
  const shown = batches.slice(0, BATCHES_SHOWN).map(({ batchId }) => batchId).join(", ");
  return batches.length > BATCHES_SHOWN ? `${shown}, …` : shown;
}
