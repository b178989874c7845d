/**
 * Sessions whose decisions must not depend on the host's time zone, as JSON on standard output: run
 * by time_test.ts under several TZ.
 */
import { phases, type PlayOptions, said, SessionWorld } from "../session_world.ts";

const SPY = `[scanners.symbols]
symbols = ["SYMBOL"]
[strategies.spy]
filename = "strategies/spy.ts"
[strategies.holder]
filename = "strategies/holder.ts"
[[strategies.holder.schedule]]
start = 5
duration = 30
`;

const SESSIONS: Record<string, PlayOptions> = {
  // Clocks went forward on the Sunday before.
  monday: {
    plan: SPY.replace("SYMBOL", "AAA"),
    bars: [["AAA", "2022-03-14T13:20:00Z", 40]],
    start: "2022-03-14T13:25:00Z",
    end: "2022-03-14T13:58:00Z",
  },
  // 02:00 becomes 03:00: the day has 23 hours.
  spring: {
    plan: `assets = ["crypto"]\nend_time = "03:30"\n${SPY.replace("SYMBOL", "BTC/USD")}`,
    bars: [["BTC/USD", "2022-03-13T06:00:00Z", 100]],
    start: "2022-03-13T06:20:00Z",
    end: "2022-03-13T07:40:00Z",
  },
  // 01:30 comes twice: the session ends at its first.
  autumn: {
    plan: `assets = ["crypto"]\nend_time = "02:10"\n${SPY.replace("SYMBOL", "BTC/USD")}`,
    bars: [["BTC/USD", "2022-11-06T05:00:00Z", 160]],
    start: "2022-11-06T05:20:00Z",
    end: "2022-11-06T07:30:00Z",
  },
};

const world = await SessionWorld.open();
try {
  const result: Record<string, unknown> = {};
  for (const [name, options] of Object.entries(SESSIONS)) {
    const played = await world.play(options);
    const { trades, denials } = played.stored;
    result[name] = {
      phases: phases(played).slice(1),
      windows: played.session.windows,
      endUs: played.session.endUs,
      cash: played.session.cash,
      trades: trades.map(({ symbol, operation, qty, price, tradeUs }) =>
        [symbol, operation, qty, price, tradeUs].join(" ")
      ),
      denials: denials.length,
      seen: said(played, "spy", "saw"),
    };
  }
  console.log(JSON.stringify(result));
} finally {
  await world.close();
}
