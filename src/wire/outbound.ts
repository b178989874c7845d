import { ConfigError } from "../util/errors.ts";

/** The only way out of this isolate: HTTP requests and WebSockets to the hosts it was made for. */
export interface Outbound {
  /** As fetch; a redirect is handed back, never followed, so that no key reaches another host. */
  fetch(url: string, init?: RequestInit): Promise<Response>;
  webSocket(url: string, headers?: Record<string, string>): WebSocket;
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = {
  "http:": "80",
  "https:": "443",
  "ws:": "80",
  "wss:": "443",
};

/** "host:port" of a URL, as an allow-list holds it. Throws ConfigError where the text is no URL. */
export function hostOf(url: string): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new ConfigError(`Cannot use "${url}" as an address: it is no URL, such as https://host`);
  }
  const port = parsed.port || DEFAULT_PORTS[parsed.protocol];
  if (port === undefined) {
    throw new ConfigError(`Cannot use "${url}" as an address: "${parsed.protocol}" is not spoken`);
  }
  return `${parsed.hostname}:${port}`;
}

/** @param allowedHosts "host:port" each (see hostOf); anything else throws, nothing is sent. */
export function createOutbound(allowedHosts: Iterable<string>): Outbound {
  const allowed: ReadonlySet<string> = new Set(allowedHosts);
  function check(url: string): void {
    const host = hostOf(url);
    if (allowed.has(host)) return;
    throw new ConfigError(
      `Cannot connect to ${host}: only ${[...allowed].join(", ") || "no host"} may be reached`,
    );
  }
  return {
    async fetch(url, init) {
      check(url);
      return await fetch(url, { ...init, redirect: "manual" });
    },
    webSocket(url, headers = {}) {
      check(url);
      return new WebSocket(url, { headers });
    },
  };
}
