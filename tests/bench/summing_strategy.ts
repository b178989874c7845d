import { Strategy, type Tick } from "liu";

/** Adds up what it is shown of each event, and says at the end what came of it. */
export default class SummingStrategy extends Strategy {
  #events = 0;
  #sum = 0;

  override run(tick: Tick<this>): void {
    this.#events++;
    switch (tick.event) {
      case "minute":
        this.#sum += tick.bars.close.at(-1) + tick.bars.volume.at(-1);
        break;
      case "trade":
        this.#sum += tick.today.last;
        break;
      case "quote": {
        const { bidPrice, bidSize, askPrice, askSize } = tick.quote;
        this.#sum += bidPrice + bidSize + askPrice + askSize;
        break;
      }
    }
  }

  override close(): void {
    this.keystore.set("total", JSON.stringify({ events: this.#events, sum: this.#sum }));
  }
}
