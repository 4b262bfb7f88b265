import { type Output, runtime } from '@pulumi/pulumi';

interface Requested {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

export interface Program<T> {
  /** What the program returned. */
  readonly made: T;
  readonly requested: readonly Requested[];
  /** The data that it asked for. */
  readonly read: readonly { readonly token: string; readonly inputs: Readonly<Record<string, unknown>> }[];
  /** Inputs of the one resource of a type, e.g. `AiEndpoint`. */
  inputsOf(type: string): Readonly<Record<string, unknown>>;
}

/** What the secret store of these programs holds. */
export const TOKEN = 'hf_0123456789';

/** Runs a program without an engine. Mocks are global: one at a time. */
export async function runProgram<T>(program: () => T): Promise<Program<T>> {
  const requested: Requested[] = [];
  const read: { token: string; inputs: Readonly<Record<string, unknown>> }[] = [];
  await runtime.setMocks(
    {
      newResource({ type, name, inputs }) {
        requested.push({ type, name, inputs });
        const computed = {
          dedicatedEndpointDns: `${name}.example.com`,
          endpoint: `endpoints/${name}`,
          deployedModelId: '7',
        };
        return { id: `${name}-id`, state: { ...computed, ...inputs } };
      },
      call({ token, inputs }) {
        read.push({ token, inputs });
        return { ...inputs, secretData: JSON.stringify({ token: TOKEN }) };
      },
    },
    'platform',
    'test',
  );
  const made = program();
  await runtime.disconnect();
  return {
    made,
    requested,
    read,
    inputsOf(type) {
      const found = requested.filter((each) => each.type.endsWith(`:${type}`));
      if (found.length !== 1) throw new Error(`${found.length} of ${type} in ${requested.map((each) => each.type)}`);
      return (found[0] as Requested).inputs;
    },
  };
}

export const settled = <T>(output: Output<T>): Promise<T> => new Promise((resolve) => output.apply(resolve));
