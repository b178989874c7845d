import { Command as Commander, CommanderError } from "commander";
import config from "../../deno.json" with { type: "json" };
import type { Command, Host, Invocation } from "../contracts/command.ts";
import { ConfigError, OperationError, RetryableError, StrategyError } from "../util/errors.ts";
import { COMMANDS, type RegisteredCommand } from "./registry.ts";

/** Runs `liu` with these arguments and gives its exit code: 0 done, 1 failed, 2 wrong usage or configuration. */
export async function runProgram(
  args: readonly string[],
  host: Host,
  commands: Readonly<Record<string, RegisteredCommand>> = COMMANDS,
): Promise<number> {
  let exitCode = 0;
  try {
    const name = commandIn(args, commands);
    const program = programOf(commands, host);
    if (name !== undefined) {
      const { command } = await commands[name]!.load();
      const parsed = program.commands.find((child) => child.name() === name)!;
      configure(parsed, command, `liu ${name}`, async (command, invocation) => {
        exitCode = await command.run(invocation, host) ?? 0;
      });
    }
    await program.parseAsync(withHelpLast(args, commands), { from: "user" });
    return exitCode;
  } catch (error) {
    return report(error, host);
  }
}

/** The subcommand that is called, or that help is asked for. */
function commandIn(args: readonly string[], commands: object): string | undefined {
  const [first, second] = args.filter((arg) => !arg.startsWith("-"));
  const name = first === "help" ? second : first;
  return name !== undefined && Object.hasOwn(commands, name) ? name : undefined;
}

/** `help data list` is `data list --help`: commander's own looks no deeper than the first name. */
function withHelpLast(args: readonly string[], commands: object): readonly string[] {
  const [first, ...path] = args;
  if (first !== "help" || path.length === 0) return args;
  return Object.hasOwn(commands, path[0]) ? [...path, "--help"] : path;
}

function programOf(
  commands: Readonly<Record<string, RegisteredCommand>>,
  host: Host,
): Commander {
  const program = new Commander("liu")
    .description("Trade many symbols with many strategies.")
    .version(config.version)
    .exitOverride()
    // What stands behind a command's name is that command's, also where one above has it too.
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => host.out(text),
      writeErr: (text) => host.err(text),
      getOutHelpWidth: () => host.columns(),
      getErrHelpWidth: () => host.columns(),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText(
      "after",
      examplesText([
        { line: "liu init", does: "write a plan to begin with" },
        { line: "liu help simulate", does: "what a command takes" },
      ]),
    );
  for (const [name, { summary }] of Object.entries(commands)) {
    program.command(name).description(capitalized(summary) + ".").summary(summary);
  }
  return program;
}

function configure(
  commander: Commander,
  command: Command,
  line: string,
  onCall: (command: Command, invocation: Invocation) => Promise<void>,
): void {
  command.configure(commander);
  commander
    .addHelpText("after", examplesText(command.examples))
    .showHelpAfterError(`(${line} --help says more)`)
    .action(() => onCall(command, { operands: commander.args, options: commander.opts() }));
  for (const [name, { summary, command: child }] of Object.entries(command.subcommands ?? {})) {
    const below = commander.command(name).description(capitalized(summary) + ".").summary(summary);
    configure(below, child, `${line} ${name}`, onCall);
  }
}

function examplesText(examples: Command["examples"]): string {
  const width = Math.max(...examples.map(({ line }) => line.length));
  const lines = examples.map(({ line, does }) => `  ${line.padEnd(width)}  ${does}`);
  return `\nExamples:\n${lines.join("\n")}`;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function report(error: unknown, host: Host): number {
  if (error instanceof CommanderError) {
    // Its message is out already. Help that was asked for is no mistake.
    return error.exitCode === 0 ? 0 : 2;
  }
  if (error instanceof ConfigError) {
    host.err(`${error.message}\n`);
    return 2;
  }
  if (host.signal.aborted && error instanceof Error && error.name === "AbortError") {
    host.err("Interrupted.\n");
    return 1;
  }
  const isExpected = error instanceof OperationError || error instanceof RetryableError ||
    error instanceof StrategyError || isOfTheSystem(error);
  if (isExpected) {
    host.err(`${error.message}\n`);
    return 1;
  }
  const text = error instanceof Error ? error.stack ?? error.message : String(error);
  host.err(`${text}\nThis is a bug in Liu ${config.version}: please report it with these lines.\n`);
  return 1;
}

/** A folder that is none, a file that may not be written, a full disk: told as the system says it. */
function isOfTheSystem(error: unknown): error is Error {
  const { NotFound, PermissionDenied, NotADirectory, AlreadyExists, IsADirectory, NotCapable } =
    Deno.errors;
  const kinds = [
    NotFound,
    PermissionDenied,
    NotADirectory,
    AlreadyExists,
    IsADirectory,
    NotCapable,
  ];
  return kinds.some((kind) => error instanceof kind) ||
    (error instanceof Error && /\(os error (17|20|21|28|30)\)/.test(error.message));
}
