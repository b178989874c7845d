/**
 * `deno task bench socket`: events a second from a loopback socket to a strategy, on 1, 2 and 4 consumers,
 * beside a bare client that receives, parses and sums. Each round is sent to all of them in turn,
 * each under the same rule: a block is sent when the one before has been acknowledged. The sums are
 * checked before anything is printed. Exit code 1: a sum is wrong, or Liu is slower than it may be.
 */
import { availableParallelism } from "node:os";
import { spawn } from "../../src/engine/worker_link.ts";
import { table } from "../../src/util/table.ts";
import { BareClient } from "./bare_client.ts";
import { MINUTE_EVENTS, MIX, SYMBOLS } from "./frames.ts";
import { LiuClient } from "./liu_client.ts";
import type { FromSender, ToSender } from "./sender.ts";
import { assertTotals, type Totals } from "./totals.ts";

/** Of the bare client's events a second, in the same round. */
const RATIO_MIN = 0.6;
const CONSUMERS = [1, 2, 4];
const WARM_UP_ROUNDS = 3;
const ROUNDS = 21;
const ROUND_MINUTES = 560;
const BARE = "bare client";

interface Contender {
  name: string;
  client: { close(): Promise<Totals> };
  /** Events a second, by round. */
  rates: number[];
}

async function bench(onProblem: (error: Error) => void): Promise<number> {
  using sender = new Sender(onProblem);
  const origin = await sender.origin();
  const contenders: Contender[] = [
    { name: BARE, client: await BareClient.open(origin, BARE), rates: [] },
  ];
  for (const consumers of CONSUMERS) {
    const name = `Liu, ${consumers} consumer${consumers > 1 ? "s" : ""}`;
    const client = await LiuClient.open({ origin, name, consumers, onProblem });
    contenders.push({ name, client, rates: [] });
  }
  const expected = await measure(sender, contenders);
  for (const { name, client } of contenders) assertTotals(name, await client.close(), expected);
  return report(contenders, expected);
}

/** Sends all rounds to all contenders; gives what each must have come to. */
async function measure(sender: Sender, contenders: Contender[]): Promise<Totals> {
  const expected = { events: 0, sum: 0 };
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
    const { events, sum } = await sender.make(round * ROUND_MINUTES, ROUND_MINUTES);
    expected.events += events;
    expected.sum += sum;
    // Another one begins each round, so that none has the better place.
    for (let i = 0; i < contenders.length; i++) {
      const { name, rates } = contenders[(round + i) % contenders.length];
      const ms = await sender.send(name);
      if (round >= WARM_UP_ROUNDS) rates.push(events / ms * 1000);
    }
  }
  return expected;
}

function report(contenders: Contender[], { events, sum }: Totals): number {
  const bare = contenders.find(({ name }) => name === BARE)!.rates;
  let isMet = true;
  const rows = contenders.map(({ name, rates }) => {
    const ratios = rates.map((rate, round) => rate / bare[round]).sort((a, b) => a - b);
    const isEnough = median(ratios) >= RATIO_MIN;
    isMet &&= isEnough;
    const verdict = name === BARE ? "" : isEnough ? "ok" : "NOT met";
    const range = `${ratios[0].toFixed(2)}–${ratios.at(-1)!.toFixed(2)}`;
    const millions = (median(rates) / 1e6).toFixed(2);
    return [name, median(ratios).toFixed(2), verdict, range, millions];
  });
  const head = ["socket to strategy", "of bare", `≥ ${RATIO_MIN}`, "lowest–highest", "M events/s"];
  console.log(table(head, rows, { width: 100, hasColors: false }));
  console.log(
    `Medians of ${ROUNDS} rounds of ${MINUTE_EVENTS * ROUND_MINUTES} events to each in turn, ` +
      `${WARM_UP_ROUNDS} more before them;\n${MIX}, ${SYMBOLS.length} symbols, ` +
      `sender, client and consumers on ${availableParallelism()} cores.\n` +
      `Checked: all came to ${sum} over ${events} events, nothing was dropped.`,
  );
  console.log(
    `At least ${RATIO_MIN} of the bare client on ${CONSUMERS.join(", ")} consumers: ` +
      (isMet ? "ok" : "NOT met"),
  );
  return isMet ? 0 : 1;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

/** Main's end of the sender's worker: one question at a time. */
class Sender {
  readonly #worker: Worker;
  #answer = Promise.withResolvers<FromSender>();

  constructor(onProblem: (error: Error) => void) {
    this.#worker = spawn(new URL("./sender.ts", import.meta.url), { net: ["127.0.0.1"] });
    this.#worker.onmessage = ({ data }: MessageEvent<FromSender>) => {
      if (data.type === "failed") onProblem(new Error(`sender: ${data.message}`));
      else this.#answer.resolve(data);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      onProblem(new Error(`sender: ${event.message}`));
    };
  }

  async origin(): Promise<string> {
    return (await this.#next("listening")).origin;
  }

  make(firstMinute: number, minutes: number): Promise<Totals> {
    this.#post({ type: "make", firstMinute, minutes });
    return this.#next("made");
  }

  async send(client: string): Promise<number> {
    this.#post({ type: "send", client });
    return (await this.#next("sent")).ms;
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }

  #post(message: ToSender): void {
    this.#worker.postMessage(message);
  }

  async #next<Type extends FromSender["type"]>(
    type: Type,
  ): Promise<Extract<FromSender, { type: Type }>> {
    const answer = await this.#answer.promise;
    this.#answer = Promise.withResolvers();
    if (answer.type !== type) throw new Error(`sender: ${answer.type} came for ${type}`);
    return answer as Extract<FromSender, { type: Type }>;
  }
}

const problem = Promise.withResolvers<never>();
problem.promise.catch(() => {});
try {
  Deno.exitCode = await Promise.race([bench(problem.reject), problem.promise]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(1);
}
