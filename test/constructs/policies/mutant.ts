import type { Manifest } from '../../../constructs/policies/index.ts';

export type Path = readonly (string | number)[];
export type Json = { readonly [key: string]: Json } | readonly Json[] | string | number | boolean | null | undefined;

/** One place in one of several objects. */
export interface Place {
  readonly all: readonly Manifest[];
  readonly manifest: Manifest;
  readonly path: Path;
  /** `Kind path`, the steps parted by slashes, list positions written as `*`. */
  readonly field: string;
}

/** Without these three an object is none. */
const IDENTITY: readonly string[] = ['apiVersion', 'kind', 'metadata/name'];

const textOf = (path: Path): string => path.map((step) => (typeof step === 'number' ? '*' : step)).join('/');

/** Every path of an object, blocks as well as leaves. */
export function pathsOf(value: Json, path: Path = []): readonly Path[] {
  if (value === null || typeof value !== 'object') return [path];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value as Record<string, Json>);
  return [path, ...entries.flatMap(([key, each]) => pathsOf(each as Json, [...path, key]))];
}

/** Every place of every object. */
export const placesOf = (all: readonly Manifest[]): readonly Place[] =>
  all.flatMap((manifest) =>
    pathsOf(manifest as unknown as Json)
      .filter((path) => path.length > 0 && !IDENTITY.includes(textOf(path)))
      .map((path) => ({ all, manifest, path, field: `${manifest.kind} ${textOf(path)}` })),
  );

/** True at the end of a path; an empty list or object is one. */
export function isLeaf({ manifest, path }: Place): boolean {
  const value = path.reduce<unknown>(
    (inner, step) => (inner as Record<string | number, unknown> | undefined)?.[step],
    manifest,
  );
  return value === null || typeof value !== 'object' || Object.keys(value as object).length === 0;
}

/** A copy with one place changed; `undefined` takes it out. */
export function changed(value: Json, [step, ...rest]: Path, to: Json): Json {
  if (step === undefined) return to;
  if (Array.isArray(value)) {
    return value.flatMap((each: Json, index) => {
      if (index !== step) return [each];
      const next = changed(each, rest, to);
      return next === undefined ? [] : [next];
    });
  }
  const { [step]: found, ...others } = value as Record<string | number, Json>;
  const next = changed(found, rest, to);
  return next === undefined ? others : { ...others, [step]: next };
}

/** All objects, one of them changed in one place; `undefined` takes it out. */
export const mutantOf = ({ all, manifest, path }: Place, to?: Json): readonly Manifest[] =>
  all.map((each) =>
    each === manifest ? (changed(manifest as unknown as Json, path, to) as unknown as Manifest) : each,
  );
