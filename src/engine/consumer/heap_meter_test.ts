import assert from "node:assert/strict";
import { HeapMeter } from "./heap_meter.ts";

function metered() {
  const world = { bytes: 0 };
  const meter = new HeapMeter({ heapBytes: () => world.bytes, budgetBytes: 1000 });
  const call = (strategy: number, grown: number) => {
    if (meter.isOn) meter.begin();
    world.bytes += grown;
    if (meter.isOn) meter.end(strategy);
    return meter.look();
  };
  return { world, meter, call };
}

Deno.test("who filled the heap since it was half full is named", () => {
  const { meter, call } = metered();
  assert.equal(call(0, 400), null);
  assert.equal(meter.isOn, false);
  assert.equal(call(1, 150), null);
  assert.equal(meter.isOn, true);
  assert.equal(call(0, 200), null);
  assert.equal(call(1, 100), null);
  assert.deepEqual(call(0, 300), { strategy: 0, heapBytes: 1150 });
});

Deno.test("a heap that empties itself is nobody's fault", () => {
  const { world, meter, call } = metered();
  call(0, 900);
  world.bytes = 100;
  assert.equal(call(0, 50), null);
  assert.equal(meter.isOn, false);
});

Deno.test("filled before anybody was measured, it is told when there is no room to find out", () => {
  const { call } = metered();
  assert.equal(call(0, 1200), null);
  assert.equal(call(1, 10), null);
  assert.deepEqual(call(1, 2), null);
  assert.deepEqual(metered().call(0, 1600), { strategy: null, heapBytes: 1600 });
});
