import type { ComponentResourceOptions, CustomResourceOptions } from '@pulumi/pulumi';
import { type RequestedResource, requestedBy } from '../../../stacks/gcp/requested-resources.ts';

export interface Requested extends RequestedResource {
  /** As the construct passed them: neither the mocks nor the inputs show what is protected or comes first. */
  readonly options: CustomResourceOptions;
}

/** What was asked for, to be looked up by type and name. */
export class Request {
  readonly all: readonly Requested[];

  constructor(all: readonly Requested[]) {
    this.all = all;
  }

  /** The only one of a type, or the one of that name. */
  the(type: string, name?: string): Requested {
    const found = this.all.filter((each) => each.type === type && (name === undefined || each.name === name));
    if (found.length !== 1) throw new Error(`${found.length} of ${type} ${name ?? ''}`);
    return found[0] as Requested;
  }

  of(type: string): readonly Requested[] {
    return this.all.filter((each) => each.type === type);
  }
}

/** Runs a program without an engine. It has to pass the options on to each construct it makes. */
export async function request(program: (options: ComponentResourceOptions) => void): Promise<Request> {
  const options = new Map<string, CustomResourceOptions>();
  const requested = await requestedBy('test', () =>
    program({
      transformations: [
        ({ type, name, opts }) => {
          options.set(`${type} ${name}`, opts as CustomResourceOptions);
          return undefined;
        },
      ],
    }),
  );
  return new Request(requested.map((each) => ({ ...each, options: options.get(`${each.type} ${each.name}`) ?? {} })));
}
