/**
 * Charts as SVG that is stretched to its place, with their texts beside it as HTML: so they are sharp on
 * paper, readable on a phone, and need no script.
 * Invariant: coordinates are numbers made here; all texts go through `html`, which escapes them.
 */
import { html } from "hono/html";

export type Html = ReturnType<typeof html>;

/** The drawing's own units: it is stretched to whatever place there is. */
const WIDTH = 1000;
const HEIGHT = 400;

/** From values to 0…1. */
export interface Scale {
  min: number;
  max: number;
}

export interface Tick {
  at: number;
  text: string;
}

export interface Frame {
  x: Scale;
  y: Scale;
  xTicks: readonly Tick[];
  yTicks: readonly Tick[];
  /** Of the place, as CSS has it: "medium" where nothing is said. */
  size?: "small" | "medium" | "large";
  /** For those who cannot see it. */
  label: string;
}

/** `shapes` are drawn over the grid. */
export function chart(frame: Frame, shapes: readonly Html[]): Html {
  const { x, y, xTicks, yTicks, size = "medium", label } = frame;
  return html`<div class="chart ${size}" role="img" aria-label="${label}">
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">${
    yTicks.map(({ at }) => gridLine(y, at))
  }${shapes}</svg>
${
    yTicks.map(({ at, text }) =>
      html`<span class="y" style="top:${percent(1 - share(y, at))}">${text}</span>`
    )
  }${
    xTicks.map(({ at, text }) =>
      html`<span class="x" style="left:${percent(share(x, at))}">${text}</span>`
    )
  }</div>`;
}

function gridLine(y: Scale, at: number): Html {
  const place = yOf(y, at);
  return html`
    <path class="grid" d="M0 ${place}H${WIDTH}" />
  `;
}

/** A line through points; where a value is null it is broken. */
export function line(
  { x, y }: Frame,
  xs: readonly number[],
  ys: readonly (number | null)[],
  className: string,
): Html {
  let path = "";
  let isOpen = false;
  for (const [i, value] of ys.entries()) {
    if (value === null || !Number.isFinite(value)) isOpen = false;
    else {
      path += `${isOpen ? "L" : "M"}${xOf(x, xs[i])} ${yOf(y, value)}`;
      isOpen = true;
    }
  }
  return html`
    <path class="line ${className}" d="${path}" />
  `;
}

/** The area between points and `base`. */
export function area(
  { x, y }: Frame,
  xs: readonly number[],
  ys: readonly number[],
  base: number,
  className: string,
): Html {
  if (xs.length === 0) return html``;
  const points = ys.map((value, i) => `L${xOf(x, xs[i])} ${yOf(y, value)}`).join("");
  const path = `M${xOf(x, xs[0])} ${yOf(y, base)}${points}L${xOf(x, xs.at(-1)!)} ${yOf(y, base)}Z`;
  return html`
    <path class="area ${className}" d="${path}" />
  `;
}

/** Round, however the drawing is stretched: lines of no length with round ends. */
export function dots(
  { x, y }: Frame,
  points: readonly { x: number; y: number }[],
  className: string,
): Html {
  const path = points.map((one) => `M${xOf(x, one.x)} ${yOf(y, one.y)}h0`).join("");
  return html`
    <path class="dots ${className}" d="${path}" />
  `;
}

/** Upright boxes, each from `x0` to `x1` and `y0` to `y1`. */
export function boxes(
  { x, y }: Frame,
  list: readonly { x0: number; x1: number; y0: number; y1: number }[],
  className: string,
): Html {
  const path = list.map(({ x0, x1, y0, y1 }) =>
    `M${xOf(x, x0)} ${yOf(y, y0)}H${xOf(x, x1)}V${yOf(y, y1)}H${xOf(x, x0)}Z`
  ).join("");
  return html`
    <path class="${className}" d="${path}" />
  `;
}

/** Straight pieces. */
export function strokes(
  { x, y }: Frame,
  list: readonly { x0: number; y0: number; x1: number; y1: number }[],
  className: string,
): Html {
  const path = list.map(({ x0, y0, x1, y1 }) =>
    `M${xOf(x, x0)} ${yOf(y, y0)}L${xOf(x, x1)} ${yOf(y, y1)}`
  ).join("");
  return html`
    <path class="line ${className}" d="${path}" />
  `;
}

/** The values' range, a little wider; never of no height. */
export function scaleOf(values: Iterable<number | null>, including: readonly number[] = []): Scale {
  let [min, max] = [Infinity, -Infinity];
  const see = (value: number | null) => {
    if (value === null || !Number.isFinite(value)) return;
    if (value < min) min = value;
    if (value > max) max = value;
  };
  for (const value of values) see(value);
  including.forEach(see);
  if (min > max) return { min: 0, max: 1 };
  const room = (max - min) * 0.04 || Math.abs(max) * 0.01 || 1;
  return { min: min - room, max: max + room };
}

/** Round values within a scale: about `count` of them. */
export function roundTicks(
  { min, max }: Scale,
  count: number,
  textOf: (value: number, step: number) => string,
): Tick[] {
  const rough = (max - min) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough) ??
    10 * power;
  const ticks: Tick[] = [];
  for (let i = Math.ceil(min / step); i * step <= max; i++) {
    const at = Number((i * step).toPrecision(12));
    ticks.push({ at, text: textOf(at, step) });
  }
  return ticks;
}

function share({ min, max }: Scale, value: number): number {
  return max > min ? (value - min) / (max - min) : 0.5;
}

function xOf(x: Scale, value: number): string {
  return (share(x, value) * WIDTH).toFixed(1);
}

function yOf(y: Scale, value: number): string {
  return ((1 - share(y, value)) * HEIGHT).toFixed(1);
}

function percent(value: number): string {
  return `${(100 * value).toFixed(2)}%`;
}
