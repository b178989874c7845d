import { Option } from "commander";
import type { Command } from "../contracts/command.ts";
import { type Adjustment, History } from "../history/history.ts";
import type { Kind } from "../history/rows.ts";
import type { BarScale } from "../model/bars.ts";
import { exchangeDate } from "../model/calendar.ts";
import { ConfigError, OperationError, RetryableError } from "../util/errors.ts";
import { progressBar, StatusLine } from "../util/progress.ts";
import { table } from "../util/table.ts";
import { command as checkCommand } from "./data_check.ts";
import { command as importCommand } from "./data_import.ts";
import { downloadedText, tellEmpty } from "./data_downloaded.ts";
import { adjustmentOption, allSeries, historyFolder } from "./data_series.ts";
import { fromTime, symbolOf, timeText, toTime } from "./operands.ts";
import { remoteOf } from "./provider.ts";
import { startSettings } from "./settings.ts";

const download: Command = {
  examples: [
    {
      line: "liu data download AAPL BRK.B --from 2021-01-01 --to 2021-12-31",
      does: "a year of minutes; run again, it asks only for what is missing",
    },
    {
      line: "liu data download AAPL --scale day --from 2010-01-01 --adjustment all",
      does: "days until now, adjusted for splits and dividends",
    },
    {
      line: "liu data download AAPL --kind trades --from 2024-01-02 --to 2024-01-02",
      does: "a day's prints; --kind quotes its bids and asks",
    },
    { line: "liu data download BTC/USD --from 2024-01-01 --json", does: "what came, as JSON" },
  ],

  configure(command) {
    command.argument("<SYMBOL...>", "AAPL, BRK.B, BTC/USD")
      .requiredOption("--from <DATE>", "the first exchange date, or a time with zone", fromTime)
      .option("--to <DATE>", "the last exchange date, or a time with zone (default: now)", toTime)
      .addOption(
        new Option("--kind <KIND>", "of rows").choices(["bars", "trades", "quotes"])
          .default("bars"),
      )
      .addOption(
        new Option("--scale <SCALE>", "of the bars (default: minute)")
          .choices(["second", "minute", "day"]),
      )
      .addOption(
        adjustmentOption(
          "prices as traded, or adjusted, each in a folder of its own (default: split; of seconds, " +
            "trades and quotes raw)",
        ),
      )
      .option("--json", "print one JSON object");
  },

  async run({ operands, options }, host) {
    const line = new StatusLine({
      isTerminal: host.isErrTerminal && !options.json,
      columns: host.columns,
      write: host.err,
      nowMs: () => performance.now(),
    });
    const { settings } = startSettings(host, (text) => line.print(text));
    const symbols = [...new Set(operands.map(symbolOf))];
    const remote = await remoteOf(settings, host.signal);
    const fromUs: number = options.from;
    const toUs = Math.min(options.to ?? Infinity, remote.clock.nowUs());
    if (fromUs >= toUs) {
      throw new ConfigError(
        `Cannot download from ${timeText(fromUs)} to ${timeText(toUs)}: the range is empty` +
          (options.to === undefined || options.to > toUs ? "; it ends now at the latest" : ""),
      );
    }
    const history = new History({ folder: historyFolder(settings), remote });
    const { scale, adjustment } = seriesOf(options as SeriesOptions);
    let kept = 0;
    try {
      const got = await history.download(
        { symbols, scale, adjustment, fromUs, toUs },
        ({ done, total, rows, symbols }) => {
          kept = rows;
          line.set(progressBar(done, total, `${rows} rows ${symbols.slice(0, 3).join(" ")}`));
        },
        host.signal,
      );
      line.clear();
      const source = remote.source;
      if (options.json) {
        const asked = { source, symbols, scale, adjustment, fromUs, toUs };
        host.out(JSON.stringify({ ...asked, ...got }) + "\n");
      } else host.out(downloadedText(got, symbols.length, source));
      return tellEmpty(got.empty, { symbols, scale, fromUs, toUs }, (text) => host.err(text));
    } catch (error) {
      line.clear();
      if (error instanceof OperationError || error instanceof RetryableError) {
        throw new OperationError(
          `${error.message}\nThe ${kept} rows that came before are kept: the same command goes ` +
            "on from there",
        );
      }
      throw error;
    }
  },
};

interface SeriesOptions {
  kind: "bars" | "trades" | "quotes";
  scale?: BarScale;
  adjustment?: Adjustment;
}

/** What is downloaded. Seconds are made of trades, and these are raw. Throws ConfigError. */
function seriesOf(
  { kind, scale, adjustment }: SeriesOptions,
): { scale: Kind; adjustment: Adjustment } {
  if (kind !== "bars" && scale !== undefined) {
    throw new ConfigError(`Cannot download ${kind} with --scale: only bars have one`);
  }
  const wanted: Kind = kind === "bars" ? scale ?? "minute" : kind === "trades" ? "trade" : "quote";
  const isRaw = wanted !== "minute" && wanted !== "day";
  if (isRaw && adjustment !== undefined && adjustment !== "raw") {
    throw new ConfigError(
      `Cannot download ${wanted}s with --adjustment ${adjustment}: they are as traded, raw`,
    );
  }
  return { scale: wanted, adjustment: adjustment ?? (isRaw ? "raw" : "split") };
}

const list: Command = {
  examples: [
    { line: "liu data list", does: "what is on disk, by source, scale and symbol" },
    { line: "liu data list AAPL --json", does: "of these symbols, as JSON" },
  ],

  configure(command) {
    command.argument("[SYMBOL...]", "only these").option("--json", "print one JSON object");
  },

  async run({ operands, options }, host) {
    const { settings } = startSettings(host);
    const folder = historyFolder(settings);
    const series = await Array.fromAsync(allSeries(folder, operands));
    if (options.json) {
      host.out(
        JSON.stringify({
          folder,
          series: series.map(({ findings: _, ...rest }) => rest),
        }) + "\n",
      );
      return;
    }
    if (series.length === 0) {
      host.out(`There is no history in ${folder} yet: liu data download, or liu data import.\n`);
      return;
    }
    const rows = series.map((
      { source, adjustment, kind, symbol, rows, bytes, covered, findings },
    ) => [
      source,
      adjustment,
      kind,
      symbol,
      covered.length === 0 ? "–" : exchangeDate(covered[0]!.fromUs),
      covered.length === 0 ? "–" : exchangeDate(covered.at(-1)!.toUs - 1),
      String(rows),
      (bytes / 1e6).toFixed(1),
      String(findings.length),
    ]);
    const head = ["source", "adjusted", "scale", "symbol", "from", "to", "rows", "MB", "faults"];
    host.out(table(head, rows, { width: host.columns(), hasColors: false }));
    if (series.some(({ findings }) => findings.length > 0)) {
      host.out("\nliu data check says what the faults are.\n");
    }
  },
};

export const command: Command = {
  examples: [
    ...download.examples.slice(0, 1),
    ...importCommand.examples.slice(0, 1),
    ...list.examples.slice(0, 1),
    ...checkCommand.examples.slice(0, 1),
  ],
  subcommands: {
    download: {
      summary: "download bars, trades or quotes that are not here yet",
      command: download,
    },
    import: { summary: "take in bars, trades or quotes of files", command: importCommand },
    list: { summary: "show what is here", command: list },
    check: { summary: "show gaps and damage", command: checkCommand },
  },

  configure() {},

  run() {
    throw new ConfigError(
      "Cannot tell what to do with data: say liu data download, import, list or check",
    );
  },
};
