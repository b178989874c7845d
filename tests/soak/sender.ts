/**
 * Market data at a steady rate, for as long as it is asked for: quotes, trades and bars of all
 * symbols of a simulated exchange, timed as its clock goes. Frames are made once; what is sent is a
 * copy with the present time in it. Connections are cut now and then.
 *
 *   sender.ts BASE_URL EVENTS_PER_SECOND SECONDS_BETWEEN_CUTS SPEED
 *
 * Prints its own address, then a line of JSON for each cut.
 */
const [baseUrl, rateText, cutText, speedText] = Deno.args;
/** Market seconds in a second. */
const SPEED = Number(speedText);
const EVENTS_PER_SECOND = Number(rateText);
const CUT_MS = Number(cutText) * 1000;
/** Events with one time; a frame of about 10 kB. */
const FRAME_EVENTS = 96;
const TICK_MS = 10;
/** What may be on its way to a client that reads slowly; more is not sent. */
const UNSENT_MAX = 4_000_000;
const PRESENT = "2022-01-03T14:30:00.000000Z";
const headers = { "APCA-API-KEY-ID": "soak", "APCA-API-SECRET-KEY": "soak" };

async function get(path: string): Promise<unknown> {
  const reply = await fetch(baseUrl + path, { headers });
  if (!reply.ok) throw new Error(`${path}: ${reply.status}`);
  return await reply.json();
}

interface Snapshot {
  latestTrade?: { p: number };
  minuteBar?: { c: number };
}

const assets = await get("/v2/assets?asset_class=us_equity") as { symbol: string }[];
const symbols = assets.map(({ symbol }) => symbol);
const snapshots = await get(`/v2/stocks/snapshots?symbols=${symbols}`) as Record<string, Snapshot>;

const encoder = new TextEncoder();
interface Frame {
  bytes: Uint8Array<ArrayBuffer>;
  /** Where times stand. */
  places: number[];
  events: number;
}

const frames = makeFrames();
let clockUs = 0;
let clockMs = 0;
await readClock();
setInterval(() => void readClock().catch(() => {}), 5000);

async function readClock(): Promise<void> {
  const startMs = performance.now();
  const { timestamp } = await get("/v2/clock") as { timestamp: string };
  clockMs = (startMs + performance.now()) / 2;
  clockUs = Date.parse(timestamp) * 1000;
}

function makeFrames(): Frame[] {
  const made: Frame[] = [];
  let messages: string[] = [];
  for (let turn = 0; turn < 24; turn++) {
    for (const symbol of symbols) {
      const { latestTrade, minuteBar } = snapshots[symbol] ?? {};
      const price = Math.round((latestTrade?.p ?? minuteBar?.c ?? 100) * 100) / 100;
      messages.push(message(symbol, Math.max(price, 0.02), turn));
      if (messages.length === FRAME_EVENTS) {
        made.push(frameOf(messages));
        messages = [];
      }
    }
  }
  if (messages.length > 0) made.push(frameOf(messages));
  return made;
}

function message(symbol: string, price: number, turn: number): string {
  const t = `"t":"${PRESENT}"`;
  if (turn % 3 === 2) {
    return `{"T":"t","i":${turn},"S":"${symbol}","x":"D","p":${price},"s":100,${t},"c":["@"],"z":"C"}`;
  }
  const [bid, ask] = [price - 0.01, price + 0.01].map((value) => value.toFixed(2));
  return `{"T":"q","S":"${symbol}","bx":"U","bp":${bid},"bs":3,"ax":"Q","ap":${ask},"as":2,${t},"z":"C"}`;
}

function frameOf(messages: string[]): Frame {
  const text = `[${messages.join(",")}]`;
  const places: number[] = [];
  for (let at = text.indexOf(PRESENT); at >= 0; at = text.indexOf(PRESENT, at + 1)) places.push(at);
  return { bytes: encoder.encode(text), places, events: messages.length };
}

const clients = new Set<WebSocket>();
let next = 0;
let owed = 0;
let lastMs = performance.now();

setInterval(() => {
  const nowMs = performance.now();
  owed = Math.min(owed + (nowMs - lastMs) / 1000 * EVENTS_PER_SECOND, EVENTS_PER_SECOND);
  lastMs = nowMs;
  const nowUs = clockUs + (nowMs - clockMs) * 1000 * SPEED;
  const text = `${new Date(nowUs / 1000).toISOString().slice(0, 23)}000Z`;
  const time = encoder.encode(text);
  while (owed > 0) {
    const { bytes, places, events } = frames[next++ % frames.length];
    owed -= events;
    for (const at of places) bytes.set(time, at);
    for (const client of clients) if (client.bufferedAmount < UNSENT_MAX) client.send(bytes);
  }
}, TICK_MS);

setInterval(() => {
  for (const client of clients) client.close(1001, "maintenance");
  console.log(JSON.stringify({ cut: clients.size }));
}, CUT_MS);

Deno.serve({
  port: 0,
  hostname: "127.0.0.1",
  onListen: ({ port }) => console.log(`http://127.0.0.1:${port}`),
}, (request) => {
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
  const put = (message: object) => socket.send(JSON.stringify([message]));
  socket.onopen = () => put({ T: "success", msg: "connected" });
  socket.onclose = () => void clients.delete(socket);
  const subscribed: Record<string, string[]> = {};
  socket.onmessage = ({ data }) => {
    const { action, ...channels } = JSON.parse(data);
    if (action === "auth") return put({ T: "success", msg: "authenticated" });
    for (const [channel, names] of Object.entries(channels as Record<string, string[]>)) {
      const before = new Set(subscribed[channel]);
      for (const name of names) action === "subscribe" ? before.add(name) : before.delete(name);
      subscribed[channel] = [...before];
    }
    put({ T: "subscription", ...subscribed });
    // It is sent all symbols: those that nobody asked for yet are passed over by the reader.
    clients.add(socket);
  };
  return response;
});
