/**
 * The faults of a running exchange, over HTTP: listed with how often each was injected, added, taken
 * back. What waits for nothing is done before the answer.
 */
import { ConfigError } from "../../util/errors.ts";
import type { FaultBook, LiveFault } from "./fault_book.ts";
import { json } from "./request_faults.ts";

/** Alpaca has no such path. */
export const CONTROL_PATH = "/liu/faults";

/** `onAdded`: what can be done at once is done. */
export async function answerControl(
  request: Request,
  book: FaultBook,
  onAdded: () => void,
): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const rest = pathname.slice(CONTROL_PATH.length + 1);
  switch (request.method) {
    case "GET":
      return rest === "" ? json(listOf(book)) : await one(book, rest, searchParams);
    case "POST":
      return await add(request, book, onAdded);
    case "DELETE":
      if (rest === "") book.clear();
      else if (!book.remove(Number(rest))) return notFound(rest);
      return new Response(null, { status: 204 });
    default:
      return json({ message: "GET, POST or DELETE" }, 405);
  }
}

function listOf(book: FaultBook) {
  const { counts, log: injections, othersOrders } = book;
  return {
    counts,
    faults: book.list().map(shown),
    injections,
    others_orders: [...othersOrders],
  };
}

function shown({ id, name, spec, injected, occasions }: LiveFault) {
  return { id, name, injected, occasions, ...spec };
}

/** `?injected=N` is answered when it has been injected so often. */
async function one(book: FaultBook, id: string, query: URLSearchParams): Promise<Response> {
  const fault = book.get(Number(id));
  if (fault === null) return notFound(id);
  const wanted = Number(query.get("injected") ?? "0");
  if (!Number.isInteger(wanted) || wanted < 0) {
    return json({ message: "injected must be a whole number" }, 422);
  }
  await book.until(() => fault.injected >= wanted || book.get(fault.id) === null);
  return json(shown(fault));
}

async function add(request: Request, book: FaultBook, onAdded: () => void): Promise<Response> {
  let body: unknown;
  try {
    body = await request.json();
  } catch {
    return json({ message: "the body must be a fault, or a list of faults, as JSON" }, 400);
  }
  try {
    const added = [body].flat().map((fault) => book.addWritten(fault));
    onAdded();
    return json(Array.isArray(body) ? added.map(shown) : shown(added[0]), 201);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return json({ message: error.message }, 422);
  }
}

function notFound(id: string): Response {
  return json({ message: `there is no fault ${id}` }, 404);
}
