import type { DataProvider } from "../contracts/provider.ts";
import type { ClientContext } from "../wire/client_context.ts";

/** What a file in this folder exports. */
export interface ProviderModule {
  /** `settings`: texts as the file says. Throws ConfigError where one is wrong or lacking. */
  createProvider(settings: Record<string, string>, context: ProviderContext): DataProvider;
}

export interface ProviderContext extends ClientContext {
  /**
   * Asked every 5 s of each stream: is one that has been silent for so long broken? Only who knows
   * the session and how often the symbols trade can tell. Default: never.
   */
  isMute?(silentMs: number): boolean;
}

/** By the name in DATA_CONNECTOR. A new one is a file and a line. */
export const providers: Readonly<Record<string, () => Promise<ProviderModule>>> = {
  alpaca: () => import("./alpaca.ts"),
};
