/**
 * The gateway: the only way to the broker, and the only truth about positions.
 *
 *   intent → risk → journal → broker → journal → book → report, trade line, new_trades row
 */
import type { ConsumerToGateway, GatewayStart, MainToGateway } from "../../protocol.ts";
import type { GatewayOptions } from "./options.ts";

export class Gateway {
  constructor(readonly options: GatewayOptions) {}

  /** Reads the account, restores the journal, opens the stream of order updates, and sends "ready" to main. */
  start(): Promise<void> {
    return Promise.reject(new Error("being built"));
  }

  fromConsumer(_consumer: number, _message: ConsumerToGateway): void {}

  /** Everything but "start", whose wiring is the worker's. "stop" is answered by "stopped". */
  fromMain(_message: Exclude<MainToGateway, GatewayStart>): void {}

  /** A consumer is gone: steps no longer wait for it. */
  dropConsumer(_consumer: number): void {}

  /** Resolves when nothing is in flight or waiting to be sent. */
  idle(): Promise<void> {
    return Promise.resolve();
  }
}
