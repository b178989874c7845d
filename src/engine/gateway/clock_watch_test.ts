import assert from "node:assert/strict";
import { OperationError } from "../../util/errors.ts";
import { checkMachineClock, measureSkew, watchClock } from "./clock_watch.ts";

const START_US = Date.parse("2022-01-03T15:00:00Z") * 1000;

/** A broker's clock that is reached over a network, and one of ours that is off by so much. */
class Rig {
  trueUs = START_US;
  offMs = 0;
  rate = 1;
  isAway = false;
  /** There and back; the slower way is there. */
  roundTripsMs: number[] = [];
  readonly told: string[] = [];
  readonly aborter = new AbortController();
  looks = 0;

  nowUs(): number {
    return this.trueUs + this.offMs * 1000;
  }

  async read(): Promise<number> {
    await Promise.resolve();
    if (this.isAway) throw new Error("away");
    const roundTripUs = (this.roundTripsMs.shift() ?? 20) * 1000;
    this.trueUs += 0.7 * roundTripUs;
    const answer = this.trueUs;
    this.trueUs += 0.3 * roundTripUs;
    return answer;
  }

  /** What the watch tells in so many looks; before each, `change` is made. */
  async watch(changes: (() => void)[]): Promise<string[]> {
    await watchClock(
      {
        restrict: (cause, state, reason) => void this.told.push(`${state} ${cause}: ${reason}`),
        lift: (cause) => void this.told.push(`lift ${cause}`),
        options: {
          clock: { nowUs: () => this.nowUs() },
          wait: (ms) => {
            assert.equal(ms, 120_000);
            const change = changes[this.looks++];
            if (change === undefined) this.aborter.abort();
            else change();
            return Promise.resolve();
          },
          log: (level, text, properties = {}) =>
            this.told.push(`${level} ${text} ${Object.values(properties)}`),
          clockSkewMsMax: 5000,
        },
      },
      {
        clock: async () => ({ timeUs: await this.read(), rate: this.rate, isOpen: true }),
      },
      this.aborter.signal,
    );
    return this.told;
  }
}

Deno.test("fault 31: a clock's skew is the middle of the shortest of three round trips", async () => {
  const rig = new Rig();
  rig.offMs = 1500;
  rig.roundTripsMs = [4000, 900, 2000];
  const { ms, uncertainMs } = await measureSkew(() => rig.read(), () => rig.nowUs());
  assert.equal(uncertainMs, 450);
  // The way there took 0.7 of the time, the middle is taken for 0.5.
  assert.ok(Math.abs(ms - 1500) <= uncertainMs, `${ms}`);
  rig.roundTripsMs = [40];
  const quick = await measureSkew(() => rig.read(), () => rig.nowUs());
  assert.equal(quick.uncertainMs, 20);
  assert.deepEqual(rig.roundTripsMs, []);
});

Deno.test("fault 31: a machine's clock is warned of over 1 s, and refused over the limit", () => {
  const told: string[] = [];
  const check = (ms: number, uncertainMs: number) =>
    checkMachineClock({ ms, uncertainMs }, 5000, (level, text) => told.push(`${level} ${text}`));
  check(900, 10);
  // A slow network is not a wrong clock.
  check(6000, 5500);
  assert.deepEqual(told, []);
  check(-1500, 10);
  assert.deepEqual(told, ["warning This machine's clock is 1.5 s behind the broker's"]);
  assert.throws(() => check(7000, 10), (error: Error) => {
    assert.ok(error instanceof OperationError);
    assert.match(error.message, /clock is 7.0 s ahead of the broker's.*max_clock_skew_seconds/);
    return true;
  });
});

Deno.test("fault 31: in a session a clock that goes wrong restricts, until it is right again", async () => {
  const rig = new Rig();
  const told = await rig.watch([
    () => {},
    () => rig.offMs = 2000,
    () => rig.offMs = -6500,
    () => rig.isAway = true,
    () => {
      rig.isAway = false;
      rig.offMs = 100;
    },
  ]);
  assert.deepEqual(told.map((line) => line.split(":")[0]), [
    "lift clock",
    "warning The market clock is {skew} 2.0 s ahead of the broker's",
    "lift clock",
    "reducing clock",
    "debug The broker's clock cannot be read",
    "lift clock",
  ]);
  assert.match(told[3], /the market clock is 6.5 s behind the broker's/);
});

Deno.test("fault 31: at an exchange that is quicker than the world its seconds count less", async () => {
  const rig = new Rig();
  rig.rate = 60;
  const told = await rig.watch([() => rig.offMs = 30_000, () => rig.offMs = 400_000]);
  assert.deepEqual(told.map((line) => line.split(" ")[0]), ["lift", "reducing"]);
});
