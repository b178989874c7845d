import type { Refusal } from "../matching/types.ts";
import { type AlpacaError, AlpacaErrorCode } from "../wire/alpaca_types.ts";

const CODES: Record<number, number> = {
  400: AlpacaErrorCode.parameters,
  401: AlpacaErrorCode.unauthorized,
  403: AlpacaErrorCode.forbidden,
  404: AlpacaErrorCode.notFound,
  422: AlpacaErrorCode.unprocessable,
  429: AlpacaErrorCode.rateLimited,
};

/** A request that is answered by an error. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly body: AlpacaError;

  constructor(
    readonly status: number,
    message: string,
    code = CODES[status] ?? AlpacaErrorCode.internal,
    details: Record<string, string> = {},
  ) {
    super(message);
    this.body = { code, message, ...details };
  }

  static of({ status, code, message, details }: Refusal): RequestError {
    return new RequestError(status, message, code, details);
  }
}
