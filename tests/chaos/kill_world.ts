/**
 * A trader that is killed again and again, and its exchange, which goes on. What is compared at the
 * end is what the exchange says and what the database has.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readJournal } from "../../src/engine/gateway/file_journal.ts";
import type { JournalRecord } from "../../src/engine/gateway/journal.ts";
import { Random } from "../../src/simulator/random.ts";
import { type Simulator, startSimulator } from "../../src/simulator/server.ts";
import { decimal } from "../../src/util/decimal.ts";
import { exchangeEnv, Liu, writeFiles } from "../program.ts";
import { KILL_POINTS, type KillPoint, KillProxy } from "./kill_point.ts";

const KEYS = { keyId: "k", secretKey: "s" };
const START = "2022-01-03T14:35:00Z";
const END = "2022-01-03T21:00:00Z";
const SYMBOLS = 6;
/** A trader that has not come to its point by then is killed where it is. */
const POINT_MS_MAX = 6000;
/** The longest that is waited before a kill at "any time". */
const ANY_MS_MAX = 2500;

/** A start has put back by then what its predecessor had left bare. */
const SETTLED_MS = 500;

const FILES = {
  "tradeplan.toml": `market_liquidation_end_time_minutes = 15
[scanners.all]
filename = "all.ts"
[strategies.busy]
filename = "busy.ts"
[strategies.swinging]
filename = "swinging.ts"
`,
  "all.ts": `import { Scanner, type ScanContext } from "liu";
export default class All extends Scanner {
  async run({ market }: ScanContext) {
    return (await market.snapshots()).top(10, "dollarVolume");
  }
}
`,
  // Enters with a bracket, takes half off, leaves, and sometimes waits with a limit order.
  "busy.ts": `import { buy, cancel, sell, Strategy, type Tick } from "liu";
export default class Busy extends Strategy {
  static override whileOpen = true;
  override run({ today, position, openOrder, time }: Tick<this>) {
    const turn = Math.floor(time.minutesSinceOpen) % 4;
    if (openOrder) return turn === 3 ? cancel("enough") : undefined;
    const price = today.last;
    if (!position) {
      if (time.minutesUntilClose < 20) return;
      this.log.info("decided");
      const exits = { stopPrice: price * 0.97, targetPrice: price * 1.03 };
      if (turn === 0) return buy({ qty: 60, limitPrice: price * 0.999, ...exits });
      return buy({ qty: 100, ...exits });
    }
    if (turn === 1 && position.qty > 50) return sell({ qty: 50 });
    if (turn === 2) return sell({ qty: position.qty });
  }
}
`,
  "swinging.ts": `import { buy, sell, Strategy, type Tick } from "liu";
export default class Swinging extends Strategy {
  static override type = "swing" as const;
  override run({ today, position, time }: Tick<this>) {
    const turn = Math.floor(time.minutesSinceOpen) % 7;
    if (position) return turn === 5 ? sell({ qty: position.qty }) : undefined;
    if (turn === 0) return buy({ qty: 30, stopPrice: today.last * 0.96 });
  }
}
`,
};

/** What a run of kills came to. */
export interface KillTable {
  kills: number;
  byPoint: Record<string, number>;
  orders: number;
  executions: number;
  /** Orders of one intent beyond what it asked for, and orders that the journal does not have. */
  duplicates: number;
  lostFills: number;
  /** Positions that a start found to differ from the broker's, and those that differ at the end. */
  mismatches: number;
  /** Killed after an exit's way had been cleared of the stop, and before the exit was sent. */
  betweenStopAndExit: number;
  /** Positions without a whole stop at the exchange after a start that should have put it there. */
  unprotected: number;
  /** What was wrong, for who looks. */
  problems: string[];
}

export interface KillOptions {
  folder: string;
  kills: number;
  seed: number;
  /** Default: all. */
  points?: readonly KillPoint[];
  /** Default: the embedded database. */
  dsn?: string;
  log?(text: string): void;
}

export async function killAgainAndAgain(options: KillOptions): Promise<KillTable> {
  const { folder, kills } = options;
  await writeFiles(folder, FILES);
  const minutes = (Date.parse(END) - Date.parse(START)) / 60_000;
  const simulator = await startSimulator({
    sources: [{ kind: "generate", symbols: SYMBOLS, seed: options.seed }],
    startUs: Date.parse(START) * 1000,
    endUs: Date.parse(END) * 1000,
    // A kill and the start after it take some six seconds; at the end there is some of the day left.
    speed: Math.min(60, Math.floor(minutes * 60 / (kills * 10 + 60))),
    volumeShare: 0.02,
    requestsPerMinute: 100_000,
    port: 0,
  });
  const proxy = new KillProxy(Number(new URL(simulator.baseUrl).port));
  try {
    return await new Kills(options, simulator, proxy).run();
  } finally {
    proxy.close();
    await simulator.close();
  }
}

class Kills {
  readonly #liu: Liu;
  readonly #env: Record<string, string>;
  readonly #random: Random;
  readonly #table: KillTable = {
    kills: 0,
    byPoint: {},
    orders: 0,
    executions: 0,
    duplicates: 0,
    lostFills: 0,
    mismatches: 0,
    betweenStopAndExit: 0,
    unprotected: 0,
    problems: [],
  };

  /** Positions that the last kill left bare. */
  #bare: ReadonlyMap<string, { stops: number }> = new Map();
  /** How long the last start traded. */
  #livedMs = 0;

  constructor(
    readonly options: KillOptions,
    readonly simulator: Simulator,
    readonly proxy: KillProxy,
  ) {
    this.#liu = new Liu(options.folder);
    this.#env = {
      ...exchangeEnv(`http://127.0.0.1:${proxy.port}`, KEYS),
      // Market data need no killing.
      ALPACA_STREAM_URL: simulator.baseUrl.replace("http", "ws"),
      NUM_CONSUMERS: "2",
      ...options.dsn ? { DSN: options.dsn } : {},
    };
    this.#random = new Random(options.seed);
  }

  async run(): Promise<KillTable> {
    const { kills, points = KILL_POINTS, log = () => {} } = this.options;
    const { code, err } = await this.#liu.run(["migrate"], this.#env);
    assert.equal(code, 0, err);
    for (let i = 0; i < kills; i++) {
      const point = points[i < points.length ? i : this.#random.int(0, points.length - 1)];
      const reached = await this.#killAt(point);
      await this.#compareProtection();
      this.#table.kills++;
      this.#table.byPoint[reached] = (this.#table.byPoint[reached] ?? 0) + 1;
      log(`${i + 1}: killed ${reached === point ? point : `${reached} (wanted: ${point})`}`);
    }
    await this.#endInOrder();
    await this.#compare();
    return this.#table;
  }

  /** Gives the point at which it was. */
  async #killAt(point: KillPoint): Promise<KillPoint> {
    const child = this.#liu.start(["trader"], this.#env);
    const died = Promise.withResolvers<KillPoint>();
    const kill = (at: KillPoint) => {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended by itself: what it said is looked at.
      }
      died.resolve(at);
    };
    let openMs = Infinity;
    const told = this.#listen(child, () => {
      openMs = performance.now();
      if (point === "any time") setTimeout(() => kill(point), this.#random.between(0, ANY_MS_MAX));
      else setTimeout(() => kill("any time"), POINT_MS_MAX);
      // Orders of the start itself are not what is waited for.
      if (point !== "decided") this.proxy.waitFor(point, () => kill(point));
    }, () => point === "decided" && kill(point));
    // A start that fails is a finding too.
    void child.status.then(() => died.resolve("any time"));
    const at = await died.promise;
    this.#livedMs = performance.now() - openMs;
    this.proxy.forget();
    const { code, signal } = await child.status;
    const text = await told;
    if (signal !== "SIGKILL") this.#problem(`the trader ended by itself, ${code}: ${text}`);
    return at;
  }

  /** All that the trader says; `onOpen`: it trades, `onDecided`: its strategy has decided. */
  async #listen(
    child: Deno.ChildProcess,
    onOpen: () => void,
    onDecided: () => void,
  ): Promise<string> {
    let text = "";
    let isOpen = false;
    const read = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
      for await (const part of stream.pipeThrough(new TextDecoderStream())) {
        text += part;
        if (!isOpen && /is open/.test(text)) {
          isOpen = true;
          onOpen();
        }
        if (isOpen && part.includes("decided")) onDecided();
      }
    };
    await Promise.all([read(child.stdout), read(child.stderr)]);
    const file = join(this.options.folder, `start-${this.#table.kills + 1}.log`);
    await Deno.writeTextFile(file, text);
    for (const line of text.split("\n")) {
      if (
        !/EXTERNAL|closed in the books|is another order|does not know|HALTED|through flat/.test(
          line,
        )
      ) {
        continue;
      }
      this.#table.mismatches++;
      this.#problem(line);
    }
    return text;
  }

  /** The last start trades a little, and is asked to end. */
  async #endInOrder(): Promise<void> {
    const child = this.#liu.start(["trader"], this.#env);
    const told = this.#listen(
      child,
      () => setTimeout(() => child.kill("SIGINT"), ANY_MS_MAX),
      () => {},
    );
    const { code } = await child.status;
    const text = await told;
    if (code !== 0) this.#problem(`the last start ended with ${code}: ${text}`);
  }

  async #compare(): Promise<void> {
    const table = this.#table;
    // What rests at the exchange goes on filling when the trader has ended.
    const [end] = (await this.#journal()).filter((record) => record.type === "end");
    const fills = (await this.#activities()).filter(({ transaction_time: time }) =>
      end === undefined || Date.parse(time) * 1000 <= end.timeUs
    );
    table.executions = fills.length;
    const { trades } = await this.#analysis();
    const atBroker = new Set(fills.map((fill) => `${fill.order_id} ${plain(fill.cum_qty)}`));
    const stored = trades.map((row) => `${row.brokerOrderId} ${plain(row.cumulativeQty)}`);
    for (const key of atBroker.difference(new Set(stored))) {
      table.lostFills++;
      this.#problem(`not in the database: ${key}`);
    }
    for (const key of stored.filter((key) => !atBroker.has(key))) {
      table.mismatches++;
      this.#problem(`only in the database: ${key}`);
    }
    if (new Set(stored).size !== stored.length) this.#problem("an execution is stored twice");
    await this.#compareOrders();
    for (const { text } of (await this.#uncovered(true)).values()) {
      this.#table.unprotected++;
      this.#problem(`at the end ${text}`);
    }
    const ends = (await this.#journal()).filter(({ type }) => type === "end").length;
    if (ends !== 1) this.#problem(`${ends} ends in the journal`);
  }

  /** What each intent asked for and what was ordered for it. */
  async #compareOrders(): Promise<void> {
    const table = this.#table;
    const records = await this.#journal();
    const orders = records.filter((record) => record.type === "order");
    const known = new Set(orders.map(({ request }) => request.clientOrderId));
    const { positions: _, orders: atExchange } = await this.#exchange();
    const own = atExchange.filter(({ client_order_id }) => client_order_id.startsWith("liu-"));
    table.orders = own.length;
    for (const { client_order_id } of own) {
      if (known.has(client_order_id)) continue;
      table.duplicates++;
      this.#problem(`an order that the journal does not have: ${client_order_id}`);
    }
    if (known.size !== orders.length) this.#problem("a client order id was given twice");
    const taken = new Map(own.map((order) => [order.client_order_id, decimal(order.qty)]));
    const intents = Map.groupBy(
      orders.filter(({ intent }) => intent !== null),
      ({ intent }) => `${intent!.runId} ${intent!.symbol} ${intent!.seq}`,
    );
    for (const [key, group] of intents) {
      const sent = group.map(({ request }) => taken.get(request.clientOrderId) ?? decimal(0));
      const sum = sent.reduce((sum, qty) => sum.plus(qty));
      if (sum.lte(group[0].work!.qty)) continue;
      table.duplicates++;
      this.#problem(`intent ${key} was ordered more than once: ${sum} of ${group[0].work!.qty}`);
    }
  }

  /** What a kill left bare has its stop again after the next start, were it not killed as well. */
  async #compareProtection(): Promise<void> {
    const table = this.#table;
    const bare = await this.#uncovered(false);
    table.betweenStopAndExit += bare.size;
    for (const [symbol, { text, stops }] of bare) {
      const before = this.#bare.get(symbol);
      if (this.#livedMs < SETTLED_MS || before === undefined || before.stops < stops) continue;
      table.unprotected++;
      this.#problem(`after kill ${table.kills + 1}, and the one before, ${text}`);
    }
    this.#bare = bare;
  }

  /**
   * Positions without a whole stop at the exchange, by symbol, with the number of stops that there
   * were so far; `all`: also those that an order is about to change.
   */
  async #uncovered(all: boolean): Promise<Map<string, { text: string; stops: number }>> {
    const { positions, orders } = await this.#exchange();
    const each = orders.flatMap((order) => [order, ...order.legs ?? []]);
    const bare = new Map<string, { text: string; stops: number }>();
    for (const { symbol, qty, side } of positions) {
      const own = each.filter((order) => order.symbol === symbol);
      const open = own.filter(({ status }) => OPEN.includes(status));
      // An entry's legs wait until it has filled whole; an exit has had them cancelled.
      const isMoving = open.some(({ client_order_id: id, type, order_class }) =>
        id.startsWith("liu-") && type !== "stop" && order_class !== "oco"
      );
      if (isMoving && !all) continue;
      const stops = new Map(own.filter(({ type }) => type === "stop").map((one) => [one.id, one]));
      const covered = [...stops.values()]
        .filter((order) =>
          open.includes(order) && order.side === (side === "long" ? "sell" : "buy")
        )
        .reduce((sum, order) => sum.plus(order.qty).minus(order.filled_qty), decimal(0));
      if (covered.gte(decimal(qty).abs())) continue;
      const text = `${qty} ${symbol} has stops for ${covered.toFixed()}`;
      bare.set(symbol, { text, stops: stops.size });
    }
    return bare;
  }

  async #journal(): Promise<JournalRecord[]> {
    const folder = join(this.options.folder, "data", "journal");
    const records: JournalRecord[] = [];
    for await (const { name } of Deno.readDir(folder)) {
      if (!name.endsWith(".journal")) continue;
      const journal = readJournal(await Deno.readFile(join(folder, name)));
      if (journal.state !== "whole") this.#problem(`${name} is ${journal.state}`);
      records.push(...journal.records);
    }
    return records;
  }

  async #analysis() {
    const { code, out, err } = await this.#liu.run(["analyze", "last", "--json"], this.#env);
    assert.equal(code, 0, err);
    return JSON.parse(out) as {
      trades: { brokerOrderId: string; cumulativeQty: string; symbol: string }[];
    };
  }

  async #exchange() {
    const positions = await this.#get<{ symbol: string; qty: string; side: string }[]>(
      "/v2/positions",
    );
    const orders: ExchangeOrder[] = [];
    let after = "";
    while (true) {
      const query = `status=all&limit=500&direction=asc&nested=true${after && `&after=${after}`}`;
      const page = await this.#get<ExchangeOrder[]>(`/v2/orders?${query}`);
      const known = new Set(orders.map(({ id }) => id));
      const fresh = page.filter(({ id }) => !known.has(id));
      orders.push(...fresh);
      if (fresh.length === 0) return { positions, orders };
      const last = Date.parse(page.at(-1)!.submitted_at) - 1000;
      after = encodeURIComponent(new Date(last).toISOString());
    }
  }

  async #activities() {
    const fills: { id: string; order_id: string; cum_qty: string; transaction_time: string }[] = [];
    while (true) {
      const token = fills.length > 0 ? `&page_token=${fills.at(-1)!.id}` : "";
      const page = await this.#get<typeof fills>(
        `/v2/account/activities?activity_types=FILL&direction=asc&page_size=100${token}`,
      );
      fills.push(...page);
      if (page.length < 100) return fills;
    }
  }

  async #get<T>(path: string): Promise<T> {
    const reply = await fetch(this.simulator.baseUrl + path, {
      headers: { "APCA-API-KEY-ID": KEYS.keyId, "APCA-API-SECRET-KEY": KEYS.secretKey },
    });
    assert.equal(reply.status, 200, path);
    return await reply.json();
  }

  #problem(text: string): void {
    this.#table.problems.push(text);
  }
}

const OPEN = ["new", "held", "accepted", "partially_filled", "pending_cancel"];

interface ExchangeOrder {
  id: string;
  client_order_id: string;
  symbol: string;
  side: string;
  type: string;
  order_class: string;
  status: string;
  qty: string;
  filled_qty: string;
  submitted_at: string;
  legs: ExchangeOrder[] | null;
}

function plain(text: string): string {
  return decimal(text).toFixed();
}
