/**
 * Date, Temporal and Intl.DateTimeFormat that tell the market's time where they would tell the
 * machine's. Changes Intl.DateTimeFormat.prototype in place; gives the globals that replace the
 * built-in ones.
 */
export function marketTime(nowUs: () => number): Record<string, unknown> {
  const nowMs = () => Math.floor(nowUs() / 1000);
  formatMarketTime(nowMs);
  const globals: Record<string, unknown> = { Date: marketDate(nowMs) };
  const { Temporal } = globalThis as { Temporal?: Record<string, unknown> };
  if (Temporal) globals.Temporal = { ...ownProperties(Temporal), Now: marketNow(Temporal, nowUs) };
  return globals;
}

function marketDate(nowMs: () => number): unknown {
  const Native = Date;
  function MarketDate(...values: unknown[]) {
    if (!new.target) return new Native(nowMs()).toString();
    return Reflect.construct(Native, values.length === 0 ? [nowMs()] : values, new.target);
  }
  Object.defineProperties(MarketDate, {
    name: { value: "Date" },
    length: { value: 7 },
    prototype: { value: Native.prototype, writable: false },
    now: { value: () => nowMs() },
    parse: { value: Native.parse },
    UTC: { value: Native.UTC },
  });
  Native.prototype.constructor = MarketDate as unknown as DateConstructor;
  return MarketDate;
}

/** Asked to format nothing, Intl.DateTimeFormat formats the present. */
function formatMarketTime(nowMs: () => number): void {
  const prototype = Intl.DateTimeFormat.prototype;
  const { get } = Object.getOwnPropertyDescriptor(prototype, "format")!;
  const { formatToParts } = prototype;
  Object.defineProperty(prototype, "format", {
    get(this: Intl.DateTimeFormat) {
      const format = get!.call(this) as Intl.DateTimeFormat["format"];
      return (date?: Date | number) => format(date ?? nowMs());
    },
  });
  Object.defineProperty(prototype, "formatToParts", {
    value(this: Intl.DateTimeFormat, date?: Date | number) {
      return formatToParts.call(this, date ?? nowMs());
    },
  });
}

// deno-lint-ignore no-explicit-any -- Temporal's types are not in every supported Deno.
function marketNow(Temporal: any, nowUs: () => number): object {
  const instant = () => Temporal.Instant.fromEpochNanoseconds(BigInt(Math.floor(nowUs())) * 1000n);
  const zoned = (zone = "UTC") => instant().toZonedDateTimeISO(zone);
  return {
    instant,
    timeZoneId: () => "UTC",
    zonedDateTimeISO: zoned,
    plainDateTimeISO: (zone?: string) => zoned(zone).toPlainDateTime(),
    plainDateISO: (zone?: string) => zoned(zone).toPlainDate(),
    plainTimeISO: (zone?: string) => zoned(zone).toPlainTime(),
    [Symbol.toStringTag]: "Temporal.Now",
  };
}

function ownProperties(object: Record<string, unknown>): Record<string, unknown> {
  const names = Object.getOwnPropertyNames(object);
  return Object.fromEntries(names.map((name) => [name, object[name]]));
}
