/**
 * Recovery: from journal and broker back to what was when the trader ended. Invariant: what is read
 * back is told to nobody and sent to nobody; nothing is traded before the broker has been compared.
 */
import type { Journal, JournalRecord } from "../journal.ts";
import type { GatewayOptions } from "../options.ts";
import { NOBODY } from "./carry_runs.ts";

/**
 * The gateway's neighbours, who hear nothing while the journal is read back: all of it was said
 * before. Only the store gets executions again, because the journal is what makes it whole: a row
 * that is there is left as it is.
 */
export class Quiet {
  isQuiet = true;
  readonly options: GatewayOptions;

  constructor(options: GatewayOptions) {
    const { store, journal } = options;
    const loud = <A extends unknown[]>(tell: (...args: A) => void) => (...args: A) => {
      if (!this.isQuiet) tell(...args);
    };
    this.options = {
      ...options,
      journal: new QuietJournal(journal, () => this.isQuiet),
      store: {
        write: (records) =>
          store.write(
            this.isQuiet ? records.filter(({ table }) => table === "new_trades") : records,
          ),
      },
      toConsumer: (consumer, message) => {
        // Runs that are over have no consumer.
        if (!this.isQuiet && consumer !== NOBODY) options.toConsumer(consumer, message);
      },
      toMain: loud(options.toMain),
      log: loud(options.log),
    };
  }
}

class QuietJournal implements Journal {
  readonly restored: readonly JournalRecord[];

  constructor(readonly journal: Journal, readonly isQuiet: () => boolean) {
    this.restored = journal.restored;
  }

  get isKept(): boolean {
    return this.journal.isKept && !this.isQuiet();
  }

  append(records: JournalRecord[]) {
    return this.journal.append(records);
  }

  note(record: JournalRecord): void {
    this.journal.note(record);
  }

  repair(): Promise<boolean> {
    return this.journal.repair();
  }

  close(): Promise<void> {
    return this.journal.close();
  }
}
