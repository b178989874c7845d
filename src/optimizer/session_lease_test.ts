import assert from "node:assert/strict";
import { SessionLease } from "./session_lease.ts";

Deno.test("a session has one lease at a time, others are told since when", async () => {
  const folder = await Deno.makeTempDir({ prefix: "liu-lease-" });
  try {
    const lease = SessionLease.take(folder, "one");
    assert.throws(
      () => SessionLease.take(folder, "one"),
      /Session one is running \(started 2\d{3}-.*Z\): wait for it, or give another --seed/,
    );
    SessionLease.take(folder, "two").release();
    lease.release();
    SessionLease.take(folder, "one").release();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
