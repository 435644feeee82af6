/** Reproducible random values: the same seed leads to the same values. */
export interface Random {
  /** Returns a number from 0 to below 1. */
  next(): number;
  /** Returns an integer from `min` to `max`, both included. */
  int(min: number, max: number): number;
  of<T>(choices: readonly T[]): T;
  /** Returns a random number of different values, from `min` to `max`. */
  some<T>(choices: readonly T[], min: number, max: number): T[];
}

/** Mulberry32, by Tommy Ettinger (public domain). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    next,
    int,
    of: choices => choices[int(0, choices.length - 1)] as never,
    some(choices, min, max) {
      const left = [...choices];
      return Array.from({ length: int(min, max) }, () => left.splice(int(0, left.length - 1), 1)[0] as never);
    },
  };
}
