import type { Broker } from "../contracts/broker.ts";
import type { ClientContext } from "../wire/client_context.ts";

/** What a file in this folder exports. */
export interface BrokerModule {
  /** `settings`: texts as the file says. Throws ConfigError where one is wrong or lacking. */
  createBroker(settings: Record<string, string>, context: ClientContext): Broker;
}

/** By the name in LIU_BROKER. A new one is a file and a line. */
export const brokers: Readonly<Record<string, () => Promise<BrokerModule>>> = {
  alpaca: () => import("./alpaca.ts"),
};
