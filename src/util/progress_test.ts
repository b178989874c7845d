import assert from "node:assert/strict";
import { progressBar, StatusLine } from "./progress.ts";

function terminal({ isTerminal = true } = {}) {
  const out = { text: "", nowMs: 0 };
  const status = new StatusLine({
    isTerminal,
    columns: () => 11,
    write: (text) => out.text += text,
    nowMs: () => out.nowMs,
  });
  return { status, out };
}

Deno.test("a status is drawn in place, cut to the terminal, and not more often than is seen", () => {
  const { status, out } = terminal();
  status.set("equity 100000");
  status.set("equity 1");
  out.nowMs = 100;
  status.set("equity 2");
  assert.equal(out.text, "\r\x1b[Kequity 100\r\x1b[Kequity 2");
});

Deno.test("lines are printed above the status, and the status comes back", () => {
  const { status, out } = terminal();
  status.print("first\n");
  status.set("s");
  status.print("second\n");
  status.clear();
  assert.equal(out.text, "first\n\r\x1b[Ks\r\x1b[Ksecond\n\r\x1b[Ks\r\x1b[K");
});

Deno.test("where there is no terminal only the lines are written", () => {
  const { status, out } = terminal({ isTerminal: false });
  status.set("s");
  status.print("line\n");
  status.clear();
  assert.equal(out.text, "line\n");
});

Deno.test("a bar shows the share that is done, and never more than all", () => {
  assert.equal(progressBar(1, 2, "x"), "[████████████············]  50% x");
  assert.match(progressBar(9, 2, "x"), /\] 100% x$/);
  assert.match(progressBar(0, 0, "x"), /\] {3}0% x$/);
});
