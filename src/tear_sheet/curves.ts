/** The account over time: equity beside its benchmark, drawdown, rolling figures. */
import { html } from "hono/html";
import type { Report } from "../analysis/report_types.ts";
import { exchangeUs } from "../model/calendar.ts";
import { area, chart, type Html, line, roundTicks, scaleOf } from "./chart.ts";
import { TimeAxis } from "./time_axis.ts";

const TIME_TICKS = 6;

export function equityChart({ curve, benchmark }: Report): Html {
  const times = new Set([...curve.timeUs, ...benchmark?.timeUs ?? []]);
  const axis = new TimeAxis([...times].sort((a, b) => a - b));
  const places = curve.timeUs.map((us) => axis.at(us));
  const both = [...curve.equity, ...benchmark?.equity ?? []];
  const y = scaleOf(both);
  const frame = {
    x: axis.scale,
    y,
    xTicks: axis.ticks(TIME_TICKS),
    yTicks: roundTicks(y, 5, amountText),
    size: "large" as const,
    label: "Equity over time",
  };
  return html`<figure>
<figcaption><b>Equity</b><span class="key accent">account</span>${
    benchmark === null ? "" : html`<span class="key other">${benchmark.label}</span>`
  }</figcaption>
${
    chart(frame, [
      area(frame, places, curve.equity, y.min, "accent"),
      ...(benchmark === null
        ? []
        : [line(frame, benchmark.timeUs.map((us) => axis.at(us)), benchmark.equity, "other")]),
      line(frame, places, curve.equity, "accent"),
    ])
  }</figure>`;
}

export function drawdownChart({ curve }: Report): Html {
  const axis = new TimeAxis(curve.timeUs);
  const y = { min: Math.min(-0.001, ...curve.drawdown) * 1.08, max: 0 };
  const frame = {
    x: axis.scale,
    y,
    xTicks: axis.ticks(TIME_TICKS),
    yTicks: roundTicks(y, 3, shareText),
    size: "small" as const,
    label: "Drawdown over time",
  };
  return html`<figure><figcaption><b>Drawdown</b><span>below the highest value so far</span></figcaption>
${
    chart(frame, [
      area(frame, axis.places, curve.drawdown, 0, "bad"),
      line(frame, axis.places, curve.drawdown, "bad thin"),
    ])
  }</figure>`;
}

/** Two of them; "" where there are too few days. */
export function rollingCharts({ rolling }: Report): Html | "" {
  if (rolling === null) return "";
  const times = rolling.date.map((date) => exchangeUs(date, "16:00"));
  const one = (
    title: string,
    values: readonly (number | null)[],
    textOf: (value: number, step: number) => string,
  ) => {
    const axis = new TimeAxis(times);
    const y = scaleOf(values, [0]);
    const frame = {
      x: axis.scale,
      y,
      xTicks: axis.ticks(5),
      yTicks: roundTicks(y, 4, textOf),
      label: title,
    };
    return html`<figure><figcaption><b>${title}</b><span>over ${rolling.days} days</span></figcaption>
${chart(frame, [line(frame, axis.places, values, "accent")])}</figure>`;
  };
  return html`<div class="pair">${one("Rolling Sharpe", rolling.sharpe, (value) => String(value))}${
    one("Rolling volatility, a year", rolling.volatility, shareText)
  }</div>`;
}

/** "1.2 M", "105 k", "99,950" */
export function amountText(value: number, step: number): string {
  const size = Math.abs(value);
  if (size >= 1e6 && step >= 1e4) return `${Number((value / 1e6).toFixed(2))} M`;
  if (size >= 1e4 && step >= 1e3) return `${Number((value / 1e3).toFixed(1))} k`;
  const decimals = step >= 1 ? 0 : Math.min(8, Math.ceil(-Math.log10(step)));
  return value.toFixed(decimals).replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ",");
}

export function shareText(value: number, step: number): string {
  const decimals = Math.max(0, Math.ceil(-Math.log10(step * 100) - 1e-9));
  return `${(100 * value).toFixed(Math.min(4, decimals))}%`;
}
