import { type Command as Commander, Option } from "commander";
import type { Command } from "../contracts/command.ts";
import { importData } from "../history/import.ts";
import type { Adjustment } from "../history/history.ts";
import type { BarScale } from "../model/bars.ts";
import { ConfigError } from "../util/errors.ts";
import type { FileSource } from "../recorded/source.ts";
import { fileOf } from "./data_files.ts";
import { adjustmentOption, historyFolder } from "./data_series.ts";
import { startSettings } from "./settings.ts";

interface CliOptions {
  symbol?: string;
  kind: FileSource["kind"];
  scale?: BarScale;
  quoteVolume?: boolean;
  adjustment?: Adjustment;
  json?: boolean;
}

export const command: Command = {
  examples: [
    {
      line: "liu data import AAPL=aapl.csv",
      does: "Yahoo's daily bars, or minutes, of one symbol",
    },
    { line: "liu data import bars.csv.gz more.parquet", does: "files with a column symbol" },
    {
      line: "liu data import BTC/USD=btc.csv.gz --quote-volume",
      does: "a file whose volume is in dollars",
    },
    { line: "liu data import --kind trades ticks.csv", does: "symbol,timestamp,price,size" },
  ],

  configure(command) {
    declareOptions(command);
  },

  async run({ operands, options }, host) {
    const { settings } = startSettings(host);
    const given = options as CliOptions;
    const sources = operands.map((text) => sourceOf(text, given, host.cwd));
    const imported = [];
    for (const source of sources) {
      imported.push(
        ...await importData(historyFolder(settings), source, {
          scale: given.scale,
          adjustment: given.adjustment,
        }),
      );
    }
    if (given.json) host.out(JSON.stringify({ imported }) + "\n");
    for (const { symbol, kind, rows, folder } of given.json ? [] : imported) {
      host.out(`${symbol}: ${rows} ${kind} rows into ${folder}\n`);
    }
  },
};

function declareOptions(command: Commander): void {
  command.argument(
    "<FILE...>",
    "CSV, CSV.gz or Parquet; SYMBOL=FILE where it has no symbol column; times without a zone are UTC",
  )
    .option("--symbol <SYMBOL>", "as SYMBOL=FILE, for one file")
    .addOption(
      new Option("--kind <KIND>", "of rows").choices(["bars", "trades", "quotes"]).default("bars"),
    )
    .addOption(
      new Option("--scale <SCALE>", "of bars (default: a column date means days, else minutes)")
        .choices(["second", "minute", "day"]),
    )
    .option("--quote-volume", "the volume is in the quote currency: it is divided by the close")
    .addOption(
      adjustmentOption(
        "how the file's prices are adjusted (default: stocks' days split, as Yahoo's are; all else raw)",
      ),
    )
    .option("--json", "print one JSON object");
}

function sourceOf(text: string, options: CliOptions, cwd: string): FileSource {
  const { file, symbol = options.symbol } = fileOf(text, cwd);
  if (options.kind !== "bars") {
    if (options.quoteVolume || options.scale) {
      throw new ConfigError(
        `Cannot import ${options.kind} with --quote-volume or --scale: only bars have them`,
      );
    }
    return { kind: options.kind, file, symbol };
  }
  const scale = options.scale === "second" ? "second" : "minute";
  return { kind: "bars", file, symbol, volumeIn: options.quoteVolume ? "quote" : "base", scale };
}
