/** Puts the adversary together, with what it needs of the exchange. */
import type { FaultPlan } from "../../config/fault_plan.ts";
import type { ExchangeUpdate } from "../../matching/types.ts";
import type { Monotonic } from "../../wire/monotonic.ts";
import { Adversary } from "./adversary.ts";
import { FaultBook } from "./fault_book.ts";
import { Later } from "./later.ts";
import type { AdversaryWorld } from "./world.ts";

export type AdversaryParts = Omit<AdversaryWorld, "book" | "hand" | "later" | "holdBack"> & {
  plan: FaultPlan;
  startUs: number;
  /** What the market's time runs on. */
  marketTime: Monotonic;
};

export function startAdversary(parts: AdversaryParts): Adversary {
  const { plan, startUs, marketTime, exchange, market } = parts;
  const later = new Later(() => market, marketTime);
  const heldBack = new Set<(update: ExchangeUpdate) => boolean>();
  const book = new FaultBook({
    seed: plan.seed,
    startUs,
    nowUs: () => exchange.nowUs,
    step: () => market.step.n,
    onRemoved: (fault) => adversary.onRemoved(fault),
  });
  const adversary: Adversary = new Adversary({
    ...parts,
    book,
    later,
    hand: exchange.hand(),
    holdBack: (fits) => {
      heldBack.add(fits);
      return () => void heldBack.delete(fits);
    },
  }, (update) => [...heldBack].some((fits) => fits(update)));
  for (const fault of plan.faults) book.add(fault);
  return adversary;
}
