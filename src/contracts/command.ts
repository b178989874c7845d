import type { Command as Commander } from "commander";

/** What the world is to a command: passed in, so that a test can be the world. */
export interface Host {
  /** The environment's variables as they were when the program started. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The working directory, absolute. */
  readonly cwd: string;
  /** Aborted by the first SIGINT or SIGTERM: finish in order. */
  readonly signal: AbortSignal;
  /** Results, on stdout. */
  out(text: string): void;
  /** Logs, progress and errors, on stderr. */
  err(text: string): void;
  readonly isOutTerminal: boolean;
  readonly isErrTerminal: boolean;
  /** Width of the terminal now; 80 where there is none. */
  columns(): number;
}

/** How a command was called. */
export interface Invocation {
  /** What is not an option, in order. */
  readonly operands: readonly string[];
  /** As `configure` declared them, by their names in camelCase. */
  // deno-lint-ignore no-explicit-any -- the parser of each option decides its type
  readonly options: Readonly<Record<string, any>>;
}

/**
 * One subcommand: a file in src/commands/ that exports it as `command`, and a line in its registry.
 * Exit codes: what `run` gives, 0 for nothing; 2 for a ConfigError, 1 for any other error.
 */
export interface Command {
  /** Whole command lines with what they do, shown by --help. */
  readonly examples: readonly { line: string; does: string }[];
  /** Commands below this one, by the word that follows its name: "list" in `liu data list`. */
  readonly subcommands?: Readonly<Record<string, { summary: string; command: Command }>>;
  /** Declares options and operands; the name and summary are there already. */
  configure(command: Commander): void;
  run(invocation: Invocation, host: Host): Promise<number | void>;
}
