/** One thing that a person must know. */
export interface Alert {
  /** Words in snake_case, the same in all versions: docs/risk.md lists them. */
  code: string;
  /** Which strategy, symbol or run; empty: none. Alerts of one code about one thing are counted together. */
  about: string;
  level: string;
  /** One line, without secrets. */
  text: string;
  /** Wall clock. */
  timeMs: number;
  /** Plain data. */
  properties: Record<string, unknown>;
}

/** Takes an alert to where it is to go; rejects where it did not get there. */
export type SendAlert = (alert: Alert, signal: AbortSignal) => Promise<void>;

/** It was refused: not to be tried again before `retryAfterMs`, null: at all. */
export class AlertRefused extends Error {
  override readonly name = "AlertRefused";
  constructor(message: string, readonly retryAfterMs: number | null) {
    super(message);
  }
}
