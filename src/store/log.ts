/** Where the store tells what happens to it. A LogTape logger is one. */
export interface StoreLog {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}
