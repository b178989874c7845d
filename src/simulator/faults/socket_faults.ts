/** What becomes of sockets: mute, dead, cut, refused; and what a subscription lacks. */
import type { FaultOf, FaultSpec } from "../../config/fault_kinds.ts";
import type { StepMember } from "../step_gate.ts";
import type { LiveFault } from "./fault_book.ts";
import type { FrontLink } from "./front.ts";
import type { AdversaryWorld } from "./world.ts";

export type SocketKind = "trading" | "stocks" | "crypto";

/** An open socket, as its server has it. */
export interface FaultySocket extends StepMember {
  /** null until let in. */
  readonly accountId: string | null;
  /** Sends an error, and ends it. */
  fail(code: number): void;
}

interface Entry {
  socket: WebSocket;
  kind: SocketKind;
  member: FaultySocket;
  link: FrontLink | null;
  isMute: boolean;
  isDead: boolean;
}

type SocketFault = FaultOf<
  "socket_mute" | "socket_half_open" | "socket_cut" | "socket_closed" | "socket_error"
>;

export class SocketFaults {
  readonly #world: AdversaryWorld;
  readonly #entries = new Set<Entry>();
  /** Places that dead sockets still hold. */
  readonly #stops = new Set<() => void>();

  constructor(world: AdversaryWorld) {
    this.#world = world;
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }

  /** Before anything is sent on it. */
  opened(
    socket: WebSocket,
    kind: SocketKind,
    member: FaultySocket,
    link: FrontLink | null,
  ): void {
    const entry: Entry = { socket, kind, member, link, isMute: false, isDead: false };
    this.#entries.add(entry);
    const send = socket.send.bind(socket);
    socket.send = (data) => {
      if (entry.isMute || entry.isDead) return;
      send(data);
      this.#world.book.count("frames");
    };
    socket.addEventListener("close", () => {
      if (!entry.isDead) this.#entries.delete(entry);
    });
  }

  /** How many are open and let in; dead ones are none. */
  openOnes(kind: SocketKind): number {
    return [...this.#entries].filter((entry) =>
      entry.kind === kind && !entry.isDead && entry.member.accountId !== null &&
      entry.socket.readyState === WebSocket.OPEN
    ).length;
  }

  /** The code of the error that is sent in the place of a log-in; null: it is let in. */
  refusal(kind: SocketKind, accountId: string): number | null {
    const fault = this.#world.book.take(["socket_refused"], {
      symbol: null,
      what: `log-in ${kind}`,
      fits: (spec) => isOf(spec, kind),
    });
    if (fault !== null) return fault.spec.code;
    const isTaken = [...this.#entries].some((entry) =>
      entry.isDead && entry.kind === kind && entry.member.accountId === accountId
    );
    return isTaken ? 406 : null;
  }

  /** In the place of an acknowledgement; null: there is one. */
  subscriptionRefusal(symbols: string[]): number | null {
    const fault = this.#world.book.take(["subscription_refused"], {
      symbol: null,
      what: `subscribe ${symbols.join(" ")}`,
      fits: ({ symbols: wanted }) =>
        wanted === undefined || wanted.some((symbol) => symbols.includes(symbol)),
    });
    return fault?.spec.code ?? null;
  }

  /** Those of the symbols that are left out of the subscription. */
  leftOut(symbols: string[]): string[] {
    const isMeant = ({ symbols: named }: FaultSpec) =>
      symbols.filter((symbol) => named === undefined || named.includes(symbol));
    const fault = this.#world.book.take(["subscription_short"], {
      symbol: null,
      what: `subscribe ${symbols.join(" ")}`,
      fits: (spec) => isMeant(spec).length > 0,
    });
    return fault === null ? [] : isMeant(fault.spec);
  }

  /** False: there is no such socket now. */
  apply(fault: LiveFault<SocketFault>): boolean {
    const { spec } = fault;
    const met = [...this.#entries].filter((entry) =>
      !entry.isDead && !entry.isMute && isOf(spec, entry.kind) && entry.member.accountId !== null
    );
    if (met.length === 0) return false;
    this.#world.book.note(fault, { symbol: null, what: met.map(({ kind }) => kind).join(" ") });
    for (const entry of met) this.#break(entry, spec);
    return true;
  }

  /** The fault was taken back. */
  unmute(): void {
    for (const entry of this.#entries) this.#setMute(entry, false);
  }

  #break(entry: Entry, spec: SocketFault): void {
    const { socket, member, link } = entry;
    switch (spec.kind) {
      case "socket_mute":
        this.#setMute(entry, true);
        if (spec.seconds !== undefined) {
          this.#after(spec.seconds, () => this.#setMute(entry, false));
        }
        return;
      case "socket_half_open":
        entry.isDead = true;
        link?.goDead();
        // Time does not wait for it.
        this.#world.market.gate.leave(member);
        return this.#after(spec.seconds, () => {
          this.#entries.delete(entry);
          link?.cut();
        });
      case "socket_cut":
        return link?.cut();
      case "socket_closed":
        return socket.close(spec.code, "closed by the exchange");
      case "socket_error":
        return member.fail(spec.code);
      default:
        return spec satisfies never;
    }
  }

  #setMute(entry: Entry, isMute: boolean): void {
    if (entry.isMute === isMute) return;
    entry.isMute = isMute;
    const { market } = this.#world;
    if (!market.isStepping || entry.socket.readyState !== WebSocket.OPEN) return;
    // Time does not wait for whom it does not tell.
    if (isMute) market.gate.leave(entry.member);
    else if (entry.member.accountId !== null) market.gate.join(entry.member);
  }

  #after(seconds: number, run: () => void): void {
    const stop = this.#world.network.after(seconds * 1000, () => {
      this.#stops.delete(stop);
      run();
    });
    this.#stops.add(stop);
  }
}

function isOf(spec: FaultSpec, kind: SocketKind): boolean {
  const { sockets } = spec as SocketFault;
  return sockets === undefined || sockets.includes(kind);
}
