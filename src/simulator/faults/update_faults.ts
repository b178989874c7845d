/** What becomes of messages about orders on their way to the trading sockets. */
import type { FaultOf } from "../../config/fault_kinds.ts";
import type { ExchangeUpdate } from "../../matching/types.ts";
import type { ToldUpdate } from "../trading_socket.ts";
import type { LiveFault } from "./fault_book.ts";
import type { AdversaryWorld } from "./world.ts";

const KINDS = ["update_lost", "update_twice", "update_late", "update_swapped"] as const;

export class UpdateFaults {
  readonly #world: AdversaryWorld;
  /** Told after the next one, or at the end of the next step. */
  #swapped: ToldUpdate[] = [];
  constructor(world: AdversaryWorld) {
    this.#world = world;
  }

  update(update: ExchangeUpdate): void {
    const { tradingHub, book } = this.#world;
    const told = tradingHub.toldOf(update);
    if (update.execution !== null) book.count("fills");
    const { event, order: { symbol, clientOrderId } } = update;
    const occasion = { symbol, what: `${event} ${clientOrderId}` };
    const leg = event === "fill" ? this.#otherLeg(update, occasion) : null;
    const fault = book.take(KINDS, {
      ...occasion,
      fits: (spec) => ((spec as FaultOf<"update_lost">).events ?? [event]).includes(event),
    });
    this.#tell(told, fault);
    if (leg !== null) this.#world.hand.fill(update.accountId, leg.id, null, leg.price);
  }

  /** What was swapped with nothing. */
  afterStep(): void {
    this.#release();
  }

  #tell(told: ToldUpdate, fault: LiveFault<FaultOf<typeof KINDS[number]>> | null): void {
    const { tradingHub, later, exchange } = this.#world;
    if (fault === null) {
      tradingHub.send(told);
      return this.#release();
    }
    const { spec, random } = fault;
    switch (spec.kind) {
      case "update_lost":
        return;
      case "update_twice":
        for (let i = 0; i <= spec.copies; i++) tradingHub.send(told);
        return this.#release();
      case "update_late": {
        const ms = spec.ms + (spec.jitter === 0 ? 0 : random.int(-spec.jitter, spec.jitter));
        const nowUs = exchange.nowUs;
        return later.at(nowUs + Math.max(0, ms) * 1000, nowUs, () => tradingHub.send(told));
      }
      case "update_swapped":
        this.#swapped.push(told);
        return;
      default:
        return spec satisfies never;
    }
  }

  #release(): void {
    const swapped = this.#swapped;
    this.#swapped = [];
    for (const told of swapped) this.#world.tradingHub.send(told);
  }

  /** Taken out of its group before the exchange would end it. */
  #otherLeg({ accountId, order }: ExchangeUpdate, occasion: { symbol: string; what: string }) {
    const { book, hand } = this.#world;
    const other = hand.otherLeg(accountId, order.id);
    if (other === null) return null;
    const fault = book.take(["legs_both_fill"], occasion);
    if (fault === null) return null;
    hand.detachOtherLeg(accountId, order.id);
    return { id: other, price: fault.spec.price ?? null };
  }
}
