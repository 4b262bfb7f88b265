type Values = Record<string, unknown>;

/** Settings of a chart by their paths, as Helm's command takes them. */
export type HelmSettings = Readonly<Record<string, string | boolean>>;

/**
 * The values of a chart as Helm takes them in a file, from paths as its command takes them: `a.b[0].c`.
 */
export function helmValues(paths: HelmSettings = {}): Readonly<Values> {
  const values: Values = {};
  for (const [path, value] of Object.entries(paths)) {
    const keys = [...path.matchAll(/[^.[\]]+/g)].map(([key]) => key);
    const inside = new Set([...path.matchAll(/\[(\d+)\]/g)].map(([, index]) => index as string));
    let place = values;
    for (const [n, key] of keys.entries()) {
      const next = keys[n + 1];
      if (next === undefined) place[key] = value;
      else {
        place[key] ??= inside.has(next) ? [] : {};
        place = place[key] as Values;
      }
    }
  }
  return values;
}
