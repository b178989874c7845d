/**
 * Globals that the engine uses in workers that run user code, where lockdown() takes them away.
 * They are taken here at import, before the doors close.
 */
export const { AbortController, Atomics, SharedArrayBuffer, setInterval, setTimeout } = globalThis;
