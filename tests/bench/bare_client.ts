import type { Totals } from "./totals.ts";

/** What Liu is measured against: a client that receives, parses and sums, and does nothing else. */
export class BareClient implements Totals {
  events = 0;
  sum = 0;
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  static async open(origin: string, name: string): Promise<BareClient> {
    const socket = new WebSocket(`${origin.replace("http", "ws")}/v2/iex`);
    const client = new BareClient(socket);
    const loggedIn = Promise.withResolvers<void>();
    socket.onerror = (event) => loggedIn.reject(event);
    socket.onmessage = ({ data }) => {
      const [{ msg }] = JSON.parse(data);
      if (msg === "connected") {
        socket.send(JSON.stringify({ action: "auth", key: name, secret: "x" }));
      } else loggedIn.resolve();
    };
    await loggedIn.promise;
    socket.onmessage = ({ data }) => client.#onText(data);
    return client;
  }

  close(): Promise<Totals> {
    this.#socket.close();
    return Promise.resolve(this);
  }

  #onText(text: string): void {
    for (const message of JSON.parse(text)) {
      switch (message.T) {
        case "b":
          this.sum += message.c + message.v;
          break;
        case "t":
          this.sum += message.p;
          break;
        case "q":
          this.sum += message.bp + message.bs + message.ap + message.as;
          break;
        case "step":
          this.#socket.send(JSON.stringify({ action: "step_ack", n: message.n }));
          continue;
      }
      this.events++;
    }
  }
}
