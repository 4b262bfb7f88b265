import type { KitErrorCode } from '@penstock/kit';
import { z } from 'zod';
import { type Fault, faultsOf, RefusedRequest } from './problem.ts';

type Shape = z.ZodObject;
const Anything = z.object({});
type Anything = typeof Anything;
const Nothing = z.strictObject({});

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One operation of the API: what a request must be, what the document says of it, and what it does. */
export interface RouteSpec<Params extends Shape, Query extends Shape, Headers extends Shape, Body extends z.ZodType> {
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With parameters as OpenAPI writes them, e.g. `/v1/jobs/{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly params?: Params;
  /** @default - none is taken */
  readonly query?: Query;
  /** In lower case; others are let through. */
  readonly headers?: Headers;
  /** @default - none is read */
  readonly body?: Body;
  readonly answers: Readonly<Record<number, RouteAnswer>>;
  /** Beyond those that every route may answer with. */
  readonly problems?: readonly KitErrorCode[];
  readonly run: (input: {
    readonly params: z.output<Params>;
    readonly query: z.output<Query>;
    readonly headers: z.output<Headers>;
    readonly body: z.output<Body>;
  }) => Promise<Reply>;
}

export interface RouteAnswer {
  readonly description: string;
  /** @default - the answer has no body */
  readonly schema?: z.ZodType;
  /** What each header says, by its name. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request as HTTP has it. */
export interface RawRequest {
  readonly params: unknown;
  readonly query: unknown;
  readonly headers: unknown;
  readonly body: unknown;
}

export interface Route {
  readonly spec: RouteSpec<Shape, Shape, Shape, z.ZodType>;
  /** Rejects with `RefusedRequest` that names every fault. */
  readonly answer: (request: RawRequest) => Promise<Reply>;
}

export function route<
  Params extends Shape = Anything,
  Query extends Shape = Anything,
  Headers extends Shape = Anything,
  Body extends z.ZodType = z.ZodUndefined,
>(spec: RouteSpec<Params, Query, Headers, Body>): Route {
  return {
    spec: spec as unknown as Route['spec'],
    async answer({ params, query, headers, body }) {
      if (isDeeperThan(body, DEEPEST)) {
        const expected = `${DEEPEST} levels at most`;
        throw new RefusedRequest([{ path: 'body', received: `more than ${DEEPEST} levels`, expected }]);
      }
      const faults: Fault[] = [];
      const read = (part: string, schema: z.ZodType, value: unknown): unknown => {
        const checked = schema.safeParse(value);
        if (!checked.success) faults.push(...faultsOf(part, checked.error, value));
        return checked.data;
      };
      const input = {
        params: read('path', spec.params ?? Anything, params),
        query: read('query', spec.query ?? Nothing, query),
        headers: read('header', spec.headers ?? Anything, headers),
        body: spec.body === undefined ? undefined : read('body', spec.body, body),
      };
      if (faults.length > 0) throw new RefusedRequest(faults);
      return spec.run(input as Parameters<typeof spec.run>[0]);
    },
  };
}

/** What reads a body further on does so by recursion. */
const DEEPEST = 64;

function isDeeperThan(value: unknown, levels: number): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > levels) return true;
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
  }
  return false;
}
