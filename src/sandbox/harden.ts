// Freezing of what all user code in a worker shares.
// Invariant: after harden(), nothing reachable by properties and prototypes from its roots can be
// changed.

/** Assigned to on instances so often that a frozen prototype must not stand in the way. */
const ASSIGNED_ON_INSTANCES = new Set(["toString", "toLocaleString", "valueOf", "toJSON", "name"]);

/**
 * Freezes `roots` and all objects that can be reached from them by properties, accessors and
 * prototypes.
 *
 * A frozen prototype forbids `instance.x = …` for each of its own properties x (the "override
 * mistake"). So the properties of `open` objects, and toString and the like of every prototype,
 * become accessors: read, they give what they gave; assigned to on an instance, they make it a
 * property of the instance's own.
 */
export function harden(roots: Iterable<unknown>, open: ReadonlySet<object> = new Set()): void {
  const seen = new Set<object>();
  const waiting: object[] = [];
  const see = (value: unknown) => {
    const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
    if (!isObject || seen.has(value as object)) return;
    seen.add(value as object);
    waiting.push(value as object);
  };
  for (const root of roots) see(root);
  for (let object = waiting.pop(); object !== undefined; object = waiting.pop()) {
    see(Object.getPrototypeOf(object));
    for (const key of Reflect.ownKeys(object)) {
      const property = Object.getOwnPropertyDescriptor(object, key);
      if (property === undefined) continue;
      see(property.value);
      see(property.get);
      see(property.set);
    }
  }
  for (const object of seen) {
    allowOverride(object, open.has(object));
    freeze(object);
  }
}

function freeze(object: object): void {
  // A module's exports are read-only as they are, and can't be frozen. Elements of typed arrays
  // can't be either.
  if (Object.prototype.toString.call(object) === "[object Module]") return;
  if (ArrayBuffer.isView(object)) Object.preventExtensions(object);
  else Object.freeze(object);
}

function allowOverride(object: object, isOpen: boolean): void {
  if (typeof object === "function" || !(isOpen || isPrototype(object))) return;
  for (const key of Reflect.ownKeys(object)) {
    const property = Object.getOwnPropertyDescriptor(object, key)!;
    if (!property.configurable || !("value" in property)) continue;
    if (typeof key === "symbol" || !(isOpen || ASSIGNED_ON_INSTANCES.has(key))) continue;
    Object.defineProperty(object, key, overridable(object, key, property));
  }
}

function isPrototype(object: object): boolean {
  const property = Object.getOwnPropertyDescriptor(object, "constructor");
  return typeof property?.value === "function" && property.value.prototype === object;
}

function overridable(home: object, key: string, property: PropertyDescriptor): PropertyDescriptor {
  const { value, enumerable } = property;
  const accessors = {
    get() {
      return value;
    },
    set(this: unknown, given: unknown) {
      if (
        this === home || typeof this !== "object" && typeof this !== "function" || this === null
      ) {
        throw new TypeError(`"${key}" is shared by all strategies and can't be changed`);
      }
      const own = Object.getOwnPropertyDescriptor(this, key);
      // As an assignment would: an own property keeps its attributes.
      Object.defineProperty(
        this,
        key,
        own
          ? { value: given }
          : { value: given, writable: true, enumerable: true, configurable: true },
      );
    },
  };
  Object.values(accessors).forEach(Object.freeze);
  return { ...accessors, enumerable, configurable: true };
}

/** Intrinsics of the language that no global names. */
export function hiddenIntrinsics(): unknown[] {
  const protoOf = Object.getPrototypeOf;
  const samples: unknown[] = [
    function* () {},
    async function () {},
    async function* () {},
    (function* () {})(),
    (async function* () {})(),
    [][Symbol.iterator](),
    ""[Symbol.iterator](),
    new Map()[Symbol.iterator](),
    new Set()[Symbol.iterator](),
    "".matchAll(/a/g),
    Iterator.from({ next: () => ({ done: true, value: 0 }) }),
    [].values().map((x) => x),
    protoOf(Uint8Array),
  ];
  if ("Segmenter" in Intl) {
    const segments = new Intl.Segmenter().segment("");
    samples.push(segments, segments[Symbol.iterator]());
  }
  // An error's stack is read by functions that all errors have in common.
  const { get, set } = Object.getOwnPropertyDescriptor(new Error(), "stack") ?? {};
  return [...samples.flatMap((sample) => [sample, protoOf(sample)]), get, set];
}
