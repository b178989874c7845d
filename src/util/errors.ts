/**
 * Errors by what the person in front of the program does about them.
 * A message says what could not be done, why, and what to do.
 */

/** Wrong usage or configuration: exit code 2, no stack. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Something outside refused or is away, and trying again the same way will not help: exit code 1, no stack. */
export class OperationError extends Error {
  override readonly name = "OperationError";
}

/** The same call may succeed later: back off and try again. */
export class RetryableError extends Error {
  override readonly name = "RetryableError";
  constructor(message: string, readonly options: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
  }
}

/** User code threw: that strategy (scanner, miner) stops, the others run on. */
export class StrategyError extends Error {
  override readonly name = "StrategyError";
}
