import type { Host } from "../contracts/command.ts";
import { ConfigError } from "../util/errors.ts";

/**
 * Asks on the terminal; only "y" or "yes" is a yes. Throws ConfigError where nobody can answer:
 * what can't be taken back isn't done for want of a question.
 */
export async function confirmed(question: string, host: Host): Promise<boolean> {
  if (!host.isErrTerminal || !Deno.stdin.isTerminal()) {
    throw new ConfigError(`${question} Nobody is there to answer: say --yes to do it`);
  }
  host.err(`${question} [y/N] `);
  const answer = new Uint8Array(64);
  const size = await Deno.stdin.read(answer) ?? 0;
  return /^y(es)?$/i.test(new TextDecoder().decode(answer.subarray(0, size)).trim());
}
