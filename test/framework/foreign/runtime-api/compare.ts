/** Compares two values by path. */

/** Returns `[left, right]` for each path where the values differ. Text that is JSON is compared as JSON. */
export function differences(left: unknown, right: unknown): Record<string, [unknown, unknown]> {
  const [a, b] = [flat(left), flat(right)];
  const paths = new Set([...a.keys(), ...b.keys()]);
  const differing = [...paths].filter(path => a.get(path) !== b.get(path));
  return Object.fromEntries(differing.map(path => [path, [a.get(path), b.get(path)]]));
}

function flat(value: unknown, path = ''): Map<string, unknown> {
  const seen = typeof value === 'string' ? parsed(value) : value;
  if (typeof seen !== 'object' || seen === null) return new Map([[path, seen]]);
  const inner = Object.entries(seen).flatMap(([key, each]) => [...flat(each, path ? `${path}.${key}` : key)]);
  return new Map(inner);
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? value : text;
  } catch {
    return text;
  }
}
