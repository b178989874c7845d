/** What systemd is told of a trader that it has started (sd_notify): nothing where there is none. */
import { join } from "node:path";

/** A watchdog is told so often within its time. */
const TOLD_PER_TIMEOUT = 3;

/** Deno's own extension, behind --unstable-net: a socket that sends to paths. */
interface Datagrams {
  send(bytes: Uint8Array, to: { transport: "unixpacket"; path: string }): Promise<number>;
  close(): void;
}

export interface ServiceManagerOptions {
  /** NOTIFY_SOCKET and WATCHDOG_USEC as systemd sets them. */
  env: Record<string, string | undefined>;
  /** Where the own end of the socket is put. */
  folder: string;
  warn(text: string): void;
}

export class ServiceManager {
  readonly #options: ServiceManagerOptions;
  readonly #path: string;
  #socket: Datagrams | null = null;
  #own = "";
  #timer: ReturnType<typeof setInterval> | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #status = "";

  constructor(options: ServiceManagerOptions) {
    this.#options = options;
    this.#path = options.env.NOTIFY_SOCKET ?? "";
    if (this.#path === "") return;
    // Names of Linux's abstract sockets begin with @, and cannot be written here.
    if (!this.#path.startsWith("/")) {
      options.warn(`Cannot tell systemd anything: NOTIFY_SOCKET=${this.#path} is no path`);
    } else this.#open();
  }

  #open(): void {
    const listen = (Deno as unknown as {
      listenDatagram?(options: { transport: "unixpacket"; path: string }): Datagrams;
    }).listenDatagram;
    try {
      this.#own = join(this.#options.folder, `notify-${crypto.randomUUID().slice(0, 8)}.sock`);
      this.#socket = listen!({ transport: "unixpacket", path: this.#own });
    } catch (error) {
      this.#options.warn(`Cannot tell systemd anything: ${error}`);
    }
  }

  /** The trader trades: from here on the watchdog is fed, as long as `isAlive`. */
  ready(isAlive: () => boolean): void {
    this.#tell("READY=1");
    const usec = Number(this.#options.env.WATCHDOG_USEC);
    if (this.#socket === null || !(usec > 0) || this.#timer !== undefined) return;
    this.#timer = setInterval(() => {
      if (isAlive()) this.#tell("WATCHDOG=1");
    }, usec / 1000 / TOLD_PER_TIMEOUT);
  }

  /** One line for `systemctl status`. */
  status(text: string): void {
    if (text === this.#status) return;
    this.#status = text;
    this.#tell(`STATUS=${text.replaceAll("\n", " ")}`);
  }

  stopping(): void {
    this.#tell("STOPPING=1");
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#turn;
    this.#socket?.close();
    if (this.#socket !== null) await Deno.remove(this.#own).catch(() => {});
    this.#socket = null;
  }

  #tell(text: string): void {
    const socket = this.#socket;
    if (socket === null) return;
    const bytes = new TextEncoder().encode(text);
    this.#turn = this.#turn.then(() =>
      socket.send(bytes, { transport: "unixpacket", path: this.#path })
    )
      .catch((error) => this.#options.warn(`Cannot tell systemd ${text}: ${error}`));
  }
}
