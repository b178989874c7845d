/** What a session's events say of its account and its data, collected for the store. */
import type { BatchFigures, MarketFigures } from "../contracts/store.ts";
import type { SessionEvent, SessionResult } from "../engine/session_options.ts";
import { maxDrawdown } from "../fincalcs/performance.ts";
import { thinCurve } from "./thin_curve.ts";

const MINUTE_US = 60e6;
/** A day has 1,440 minutes; a batch that runs for days is thinned out. */
const POINTS_MAX = 2000;

export class LiveFigures {
  readonly #timeUs: number[] = [];
  readonly #equity: number[] = [];
  #outOfSync = 0;
  #rowsLost = 0;
  #lagSecondsMax = 0;

  onEvent(event: SessionEvent): void {
    if (event.type === "status") this.#note(event.timeUs, event.account.equity);
    else if (event.type === "lost") {
      this.#outOfSync++;
      this.#rowsLost += event.rowsLost;
      this.#lagSecondsMax = Math.max(this.#lagSecondsMax, event.lagSeconds);
    }
  }

  /** `before`: of the same batch, where it has been carried on. null: nothing is known. */
  figures(
    { endUs, rows, dropped, windows, lagSecondsMax }: Pick<
      SessionResult,
      "endUs" | "rows" | "dropped" | "windows" | "lagSecondsMax"
    >,
    before: BatchFigures | null,
  ): BatchFigures | null {
    const timeUs = [...before?.curve.timeUs ?? [], ...this.#timeUs];
    const equity = [...before?.curve.equity ?? [], ...this.#equity];
    if (timeUs.length === 0) return null;
    return {
      startEquity: before?.startEquity ?? equity[0],
      endEquity: equity.at(-1)!,
      curve: thinCurve({ timeUs, equity }, { pointsMax: POINTS_MAX }),
      fromUs: before?.fromUs ?? timeUs[0],
      countedToUs: endUs,
      isRoundTheClock: windows.length > 0 &&
        windows.every(({ assetClass }) => assetClass === "crypto"),
      maxDrawdown: Math.max(before?.maxDrawdown ?? 0, maxDrawdown(equity)),
      costs: null,
      market: this.#market({ rows, dropped, lagSecondsMax }, before?.market ?? null),
    };
  }

  /** One value a minute, its last: the account is told once a second. */
  #note(timeUs: number, equity: number): void {
    if (!(timeUs > 0) || !Number.isFinite(equity)) return;
    const last = this.#timeUs.length - 1;
    const isSame = last > 0 &&
      Math.floor(this.#timeUs[last] / MINUTE_US) === Math.floor(timeUs / MINUTE_US);
    if (isSame) this.#timeUs[last] = timeUs;
    else this.#timeUs.push(timeUs);
    if (isSame) this.#equity[last] = equity;
    else this.#equity.push(equity);
  }

  #market(
    { rows, dropped, lagSecondsMax }: { rows: number; dropped: number; lagSecondsMax: number },
    before: MarketFigures | null,
  ): MarketFigures {
    return {
      rows: rows + (before?.rows ?? 0),
      dropped: dropped + (before?.dropped ?? 0),
      outOfSync: this.#outOfSync + (before?.outOfSync ?? 0),
      rowsLost: this.#rowsLost + (before?.rowsLost ?? 0),
      lagSecondsMax: Math.max(this.#lagSecondsMax, lagSecondsMax, before?.lagSecondsMax ?? 0),
    };
  }
}
