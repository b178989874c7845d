import type { Command } from "../contracts/command.ts";
import { ConfigError } from "../util/errors.ts";
import { command as deleteCommand } from "./batch_delete.ts";
import { command as listCommand } from "./batch_list.ts";
import { command as showCommand } from "./batch_show.ts";

export const command: Command = {
  examples: [
    ...listCommand.examples.slice(0, 1),
    ...showCommand.examples.slice(0, 1),
    ...deleteCommand.examples.slice(0, 1),
  ],
  subcommands: {
    list: { summary: "list batches: what ran, when, and how it ended", command: listCommand },
    show: { summary: "show a batch's runs, and what refers to it", command: showCommand },
    delete: { summary: "remove all of a batch", command: deleteCommand },
  },

  configure() {},

  run() {
    throw new ConfigError("Cannot tell what to do with batches: say liu batch list");
  },
};
