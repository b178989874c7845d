/**
 * Market data to the sockets that want it.
 * Invariants: an event is encoded at most once per codec; nothing is sent about a symbol that was
 * not subscribed.
 */
import { RowKind } from "../model/market_batch.ts";
import type { DataSocket } from "./data_socket.ts";
import type { AlpacaStreamChannel } from "../wire/alpaca_types.ts";
import {
  barMessage,
  type Codec,
  encodeMessage,
  EventEncoder,
  type Part,
  type WireEvent,
} from "./event_encoder.ts";
import { DayBar } from "../recorded/market_data.ts";
import { dueUs, type Timeline } from "./timeline.ts";

/** Unsent bytes of a socket at which the next step waits (speed "max"). */
const WAITING_BYTES_MAX = 4 * 1024 * 1024;
/** Unsent bytes at which a reader is too slow for finite speeds: 407. */
const SLOW_BYTES_MAX = 32 * 1024 * 1024;

type Feed = "now" | "delayed";

export class DataHub {
  readonly #sockets = new Set<DataSocket>();
  readonly #timeline: Timeline;
  readonly #encoder: EventEncoder;
  /** The day so far of each symbol, by feed: what dailyBars carry. */
  readonly #days: Record<Feed, DayBar[]>;

  constructor(timeline: Timeline, startUs: number) {
    this.#timeline = timeline;
    this.#encoder = new EventEncoder(timeline);
    this.#days = { now: daysBefore(timeline, startUs), delayed: daysBefore(timeline, startUs) };
  }

  add(socket: DataSocket): void {
    this.#sockets.add(socket);
  }

  remove(socket: DataSocket): void {
    this.#sockets.delete(socket);
  }

  /** Another socket that is let in with this account on this endpoint. */
  hasOther(socket: DataSocket): boolean {
    for (const other of this.#sockets) {
      if (
        other !== socket && other.accountId === socket.accountId && other.group === socket.group
      ) {
        return true;
      }
    }
    return false;
  }

  canPublish(): boolean {
    for (const socket of this.#sockets) if (socket.unsentBytes > WAITING_BYTES_MAX) return false;
    return true;
  }

  closeSlow(): void {
    for (const socket of this.#sockets) if (socket.unsentBytes > SLOW_BYTES_MAX) socket.fail(407);
  }

  publish(feed: Feed, from: number, to: number): void {
    const encoded: Record<Codec, Part[]> = { json: [], msgpack: [] };
    const days = this.#addToDays(feed, from, to);
    for (const socket of this.#sockets) {
      if (socket.accountId === null || (socket.feed === "delayed_sip") !== (feed === "delayed")) {
        continue;
      }
      const parts: Part[] = [];
      for (let event = from; event < to; event++) {
        const symbol = this.#timeline.symbol[event];
        const kind = this.#timeline.kind[event];
        if (socket.wants(kind, symbol)) {
          parts.push(
            encoded[socket.codec][event - from] ??= this.#encoder.encode(event, socket.codec),
          );
        }
        if (kind === RowKind.minuteBar && socket.wants(RowKind.dailyBar, symbol)) {
          const row = days.get(symbol);
          if (row === undefined) continue;
          const name = this.#timeline.symbols[symbol].symbol;
          parts.push(encodeMessage(barMessage("d", name, row), socket.codec));
        }
      }
      socket.sendEvents(parts);
    }
  }

  /** A message that is not of the timeline, to those who asked for its symbol on the channel. */
  tell(channel: AlpacaStreamChannel, symbol: string, message: WireEvent): void {
    for (const socket of this.#sockets) {
      if (socket.accountId === null || !socket.subscribes(channel, symbol)) continue;
      socket.sendEvents([encodeMessage(message, socket.codec)]);
    }
  }

  #addToDays(feed: Feed, from: number, to: number): Map<number, number[]> {
    const changed = new Map<number, number[]>();
    for (let event = from; event < to; event++) {
      if (this.#timeline.kind[event] !== RowKind.minuteBar) continue;
      const symbol = this.#timeline.symbol[event];
      const day = this.#days[feed][symbol];
      day.add(this.#timeline.symbols[symbol].minuteBars, this.#timeline.row[event]);
      if (day.row !== null) changed.set(symbol, day.row);
    }
    return changed;
  }
}

function daysBefore(timeline: Timeline, startUs: number): DayBar[] {
  return timeline.symbols.map((data) => {
    const day = new DayBar(data.assetClass);
    for (let i = 0; i < data.minuteBars.timeUs.length; i++) {
      if (dueUs(data, RowKind.minuteBar, i) >= startUs) break;
      day.add(data.minuteBars, i);
    }
    return day;
  });
}
