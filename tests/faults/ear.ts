/** What was said, and who waits for it. */
export class Ear<Message> {
  readonly heard: Message[] = [];
  #waiting: { wants(message: Message): boolean; resolve(message: Message): void }[] = [];

  hear(message: Message): void {
    this.heard.push(message);
    const woken = this.#waiting.filter(({ wants }) => wants(message));
    this.#waiting = this.#waiting.filter((waiting) => !woken.includes(waiting));
    for (const { resolve } of woken) resolve(message);
  }

  /** The first message, also of the past, that is wanted. */
  until<M extends Message>(wants: (message: Message) => message is M): Promise<M>;
  until(wants: (message: Message) => boolean): Promise<Message>;
  until(wants: (message: Message) => boolean): Promise<Message> {
    const known = this.heard.find(wants);
    if (known !== undefined) return Promise.resolve(known);
    return this.next(wants);
  }

  /** The first message from now on that is wanted. */
  next(wants: (message: Message) => boolean = () => true): Promise<Message> {
    return new Promise((resolve) => this.#waiting.push({ wants, resolve }));
  }
}
