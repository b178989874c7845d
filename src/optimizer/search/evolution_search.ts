/**
 * A genetic algorithm: the better half of each generation is crossed and changed. The library keeps
 * the generations; chance is passed in to the operators, which are here because the library's own
 * take Math.random.
 */
import {
  type BaseGenome,
  type CrossoverStrategyInterface,
  DescendingSortingStrategy,
  DummyPhenomeCache,
  type EvaluatedGenome,
  type FitnessStrategyInterface,
  GeneticSearch,
  type IdGeneratorInterface,
  type MutationStrategyInterface,
  type PhenomeStrategyInterface,
  type PopulateStrategyInterface,
  type Population,
  type SelectionStrategyInterface,
} from "genetic-search";
import { countOf, keyOf, pointAt, pointsIn, searched } from "../space.ts";
import { type SearchMethod, type SearchOptions, TRIALS_DEFAULT } from "./search.ts";

/** A place a dimension, each from 0 to 1. */
interface Genome extends BaseGenome {
  shares: number[];
}

const GENERATION_MIN = 8;
const GENERATION_MAX = 40;
/** Of a generation stay as they are. */
const SURVIVAL_RATE = 0.25;
/** Of the new ones come of two parents; the others are changed ones. */
const CROSSOVER_RATE = 0.6;
const TOURNAMENT = 3;
/** Deviation of a change, at the beginning and at the end. */
const DEVIATIONS = [0.25, 0.03] as const;
/** Generations in a row without a point that is new. */
const IDLE_MAX = 50;
/** What failed is worse than all that did not. */
const WORST = -Number.MAX_VALUE;

export const evolutionSearch: SearchMethod = {
  count: ({ space, trials }) => Math.min(trials ?? TRIALS_DEFAULT, pointsIn(space)),

  async run(options) {
    const count = evolutionSearch.count(options);
    const tried = new Tried(options, count);
    const size = Math.min(
      GENERATION_MAX,
      Math.max(GENERATION_MIN, Math.ceil(count / 10), 2 * searched(options.space).length),
    );
    let idle = 0;
    const operators = new Operators(options, () => {
      const [first, last] = DEVIATIONS;
      // Where nothing new is near any more, it is looked for further away.
      return first * (last / first) ** (tried.size / count) * (1 + idle);
    });
    const search = new GeneticSearch<Genome>(
      { populationSize: size, survivalRate: SURVIVAL_RATE, crossoverRate: CROSSOVER_RATE },
      {
        populate: operators,
        phenome: { collect: (genomes) => tried.collect(genomes) },
        fitness: { score: (rows) => rows.map(([value]) => value) },
        sorting: new DescendingSortingStrategy<Genome>(),
        selection: operators,
        mutation: operators,
        crossover: operators,
        cache: new DummyPhenomeCache(),
      } satisfies {
        phenome: PhenomeStrategyInterface<Genome>;
        fitness: FitnessStrategyInterface;
      } & Record<string, unknown>,
    );
    while (tried.size < count && idle < IDLE_MAX) {
      const before = tried.size;
      await search.fitStep();
      idle = tried.size > before ? 0 : idle + 1;
    }
  },
};

/** Points and what they are worth: none is tried twice. */
class Tried {
  readonly #values = new Map<string, number>();

  constructor(readonly options: SearchOptions, readonly count: number) {}

  get size(): number {
    return this.#values.size;
  }

  async collect(genomes: Population<Genome>): Promise<number[][]> {
    const { space, evaluate } = this.options;
    const points = genomes.map(({ shares }) => pointAt(space, shares));
    const fresh = [...new Map(points.map((point) => [keyOf(point), point]))]
      .filter(([key]) => !this.#values.has(key)).slice(0, this.count - this.size);
    if (fresh.length > 0) {
      const values = await evaluate(fresh.map(([, point]) => point));
      fresh.forEach(([key], i) => this.#values.set(key, values[i] ?? WORST));
    }
    return points.map((point) => [this.#values.get(keyOf(point)) ?? WORST]);
  }
}

class Operators
  implements
    PopulateStrategyInterface<Genome>,
    SelectionStrategyInterface<Genome>,
    MutationStrategyInterface<Genome>,
    CrossoverStrategyInterface<Genome> {
  readonly #random: () => number;
  /** Dimensions that have more than one value. */
  readonly #open: number[];

  constructor(
    readonly options: Pick<SearchOptions, "space" | "random">,
    /** Of changes, now. */
    readonly deviation: () => number,
  ) {
    this.#random = options.random;
    this.#open = options.space.flatMap(({ range }, i) => countOf(range) > 1 ? [i] : []);
  }

  /** A Latin hypercube: each dimension is cut into as many parts as there are genomes. */
  populate(size: number, ids: IdGeneratorInterface<Genome>): Population<Genome> {
    const columns = this.options.space.map(() =>
      this.#shuffled(size).map((part) => (part + this.#random()) / size)
    );
    return Array.from({ length: size }, (_, i) => ({
      id: ids.nextId(),
      shares: columns.map((column) => column[i]),
    }));
  }

  selectForCrossover(genomes: EvaluatedGenome<Genome>[], count: number): Genome[][] {
    return Array.from({ length: count }, () => [this.#best(genomes), this.#best(genomes)]);
  }

  selectForMutation(genomes: EvaluatedGenome<Genome>[], count: number): Genome[] {
    return Array.from({ length: count }, () => this.#best(genomes));
  }

  /** Each dimension from one of the two, or from between them and a little beyond. */
  cross([a, b]: Genome[], id: number): Genome {
    const shares = this.options.space.map(({ range }, i) => {
      const [x, y] = [a.shares[i], b.shares[i]];
      if (range.kind === "choice") return this.#random() < 0.5 ? x : y;
      return reflected(x + (1.5 * this.#random() - 0.25) * (y - x));
    });
    return { id, shares };
  }

  mutate({ shares }: Genome, id: number): Genome {
    const { space } = this.options;
    const always = this.#open[Math.floor(this.#random() * this.#open.length)];
    const deviation = this.deviation();
    return {
      id,
      shares: shares.map((share, i) => {
        if (i !== always && this.#random() >= 1 / this.#open.length) return share;
        const { range } = space[i];
        if (range.kind === "choice") return this.#random();
        // At least to a neighbour, where there are steps.
        return reflected(share + this.#normal() * Math.max(deviation, 1 / countOf(range)));
      }),
    };
  }

  #best(genomes: EvaluatedGenome<Genome>[]): Genome {
    let best = genomes.length;
    for (let i = 0; i < TOURNAMENT; i++) {
      // They are sorted, the best first.
      best = Math.min(best, Math.floor(this.#random() * genomes.length));
    }
    return genomes[best].genome;
  }

  /** Box and Muller, 1958. */
  #normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.#random()));
    return radius * Math.cos(2 * Math.PI * this.#random());
  }

  #shuffled(size: number): number[] {
    const order = Array.from({ length: size }, (_, i) => i);
    for (let i = size - 1; i > 0; i--) {
      const j = Math.floor(this.#random() * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }
}

/** From 0 to 1; what is beyond comes back by as much. */
function reflected(share: number): number {
  const within = ((share % 2) + 2) % 2;
  return within > 1 ? 2 - within : within;
}
