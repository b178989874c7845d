import type { DataProvider } from "../contracts/provider.ts";
import type { ClientContext } from "../wire/client_context.ts";

/** What a file in this folder exports. */
export interface ProviderModule {
  /** `settings`: texts as the file says. Throws ConfigError where one is wrong or lacking. */
  createProvider(settings: Record<string, string>, context: ClientContext): DataProvider;
}

/** By the name in DATA_CONNECTOR. A new one is a file and a line. */
export const providers: Readonly<Record<string, () => Promise<ProviderModule>>> = {
  alpaca: () => import("./alpaca.ts"),
};
