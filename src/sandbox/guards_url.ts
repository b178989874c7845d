/**
 * A module with one empty object, in which the loader puts each bundle's stop flag. Every module of
 * user code imports it first, written so by bundle(); user code itself can't: it imports no data:
 * URL.
 */
export const GUARDS_URL = "data:text/javascript,export const guards=Object.create(null)";
