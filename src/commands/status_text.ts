/** What `liu status`, `liu kill` and `liu resume` print of a trader. */
import type { TraderStatus } from "../control/trader_control.ts";
import { exchangeTime } from "../model/calendar.ts";
import type { OpenPosition } from "../model/open_position.ts";

export const PROTECTIONS: Record<OpenPosition["protection"], string> = {
  "rests": "its protection rests at the broker",
  "rests in part": "PROTECTED IN PART: what rests at the broker does not cover all of it",
  "watched only": "its stop is watched by the trader",
  "none": "it has no stop",
};

export function statusText(pid: number, status: TraderStatus): string {
  const { batchId, environment, timeUs, state, account, rows, dropped, symbols } = status;
  const time = timeUs === null ? "" : `, ${exchangeTime(timeUs)} New York`;
  const lines = [
    `Trader ${pid}, ${environment}, batch ${batchId}${time}: ${state.toUpperCase()}${
      stoppedCount(status)
    }`,
    restrictionsText(status).trimEnd(),
    section("Stopped strategies", status.stopped.map(stoppedText).join("")),
    account === null
      ? ""
      : `Account: equity ${money(account.equity)}, cash ${money(account.cash)}, buying power ${
        money(account.buyingPower)
      }`,
    section("Positions", positionsText(status.positions)),
    section("Open orders", ordersText(status)),
    section(
      "Not Liu's, left alone",
      status.external.map(({ symbol, qty }) => `  ${qty} ${symbol}\n`).join(""),
    ),
    section("Strategies", status.strategies.map(strategyText).join("")),
    `Market data: ${symbols} symbols, ${rows} rows, ${dropped} dropped`,
    section("Rows that wait", status.consumers.map(consumerText).join("")),
  ];
  return lines.filter((line) => line !== "").join("\n") + "\n";
}

export function restrictionsText({ restrictions }: Pick<TraderStatus, "restrictions">): string {
  return restrictions.map(({ state, cause, reason, sinceUs }) =>
    `  ${state.toUpperCase()} since ${exchangeTime(sinceUs)} (${cause}): ${reason}\n`
  ).join("");
}

export function positionsText(positions: readonly OpenPosition[]): string {
  return positions.map(({ symbol, strategy, qty, averagePrice, protection }) =>
    `  ${qty} ${symbol} at ${averagePrice}, ${strategy}: ${PROTECTIONS[protection]}\n`
  ).join("");
}

function ordersText({ openOrders }: TraderStatus): string {
  return openOrders.map((order) => {
    const { side, qty, filledQty, symbol, type, limitPrice, triggerPrice } = order;
    const filled = filledQty === "0" ? "" : `, ${filledQty} filled`;
    const prices = [
      triggerPrice === null ? "" : ` at ${triggerPrice}`,
      limitPrice === null ? "" : `, limit ${limitPrice}`,
    ].join("");
    return `  ${side} ${qty} ${symbol}, ${type}${prices}${filled}: ${order.kind} of ${order.strategy}, ${order.status}\n`;
  }).join("");
}

/** Behind the state, which says nothing of them. */
function stoppedCount({ stopped: { length } }: TraderStatus): string {
  return length === 0 ? "" : `, ${length} ${length === 1 ? "strategy" : "strategies"} stopped`;
}

function stoppedText({ name, reason, runs, ofRuns }: TraderStatus["stopped"][number]): string {
  const part = runs === ofRuns ? "" : ` in ${runs} of ${ofRuns} consumers`;
  return `  ${name}${part}: ${reason.replace(/^stopped: /, "").split("\n")[0]}\n`;
}

function strategyText({ name, state, reason }: TraderStatus["strategies"][number]): string {
  return `  ${name}: ${state}${reason === null ? "" : `, ${reason}`}\n`;
}

function consumerText({ name, waitingRows, strategies }: TraderStatus["consumers"][number]) {
  const who = strategies.length > 0 ? ` (${strategies.join(", ")})` : "";
  return `  ${name}${who}: ${waitingRows}\n`;
}

function section(title: string, text: string): string {
  return text === "" ? "" : `${title}:\n${text.trimEnd()}`;
}

function money(amount: number): string {
  return amount.toFixed(2);
}
