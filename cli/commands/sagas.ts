import { chainTable, sagaLines, sagasTable } from '../events/saga-tables.ts';
import { SagasClient } from '../events/sagas-client.ts';
import { CommandError, EXIT } from '../exit.ts';
import { countOption, parseOptions } from '../options.ts';

const BACKBONE_URL = 'http://127.0.0.1:8080';

const HELP = `usage: penstock sagas <verb> [options]

Shows where sagas are and lets those that wait for a person go on, by the API of an event backbone.

  ls                    sagas, those that moved last first  [--saga NAME] [--status S] [--stuck] [--limit N]
                        --stuck: parked, or not moved though their time is over
  inspect SAGA ID       one saga with its history, its state, and messages that it could not act on
  retry SAGA ID         lets a parked saga ask again, with all its attempts before it
  chain CORRELATION     a saga without a conductor: which events led to which

  --url URL             the event backbone (default ${BACKBONE_URL})
  --json                what the server said, for programs
`;

const OPTIONS = {
  url: { type: 'string', default: BACKBONE_URL },
  json: { type: 'boolean' },
  saga: { type: 'string' },
  status: { type: 'string' },
  stuck: { type: 'boolean' },
  limit: { type: 'string', default: '20' },
} as const;

type Options = NonNullable<ReturnType<typeof parseOptions<typeof OPTIONS>>>;

interface Call {
  readonly client: SagasClient;
  readonly names: readonly string[];
  readonly options: Options;
}

interface Said {
  readonly value: unknown;
  readonly text: string;
}

const VERBS: Readonly<Record<string, readonly [names: number, run: (call: Call) => Promise<Said>]>> = {
  ls: [
    0,
    async ({ client, options: { saga, status, stuck, limit } }) => {
      const filter = { saga, status, stuck: stuck === true ? 'true' : undefined };
      const value = await client.list({ ...filter, limit: String(countOption('limit', limit)) });
      return { value, text: sagasTable(value.sagas, Date.now()) };
    },
  ],
  inspect: [
    2,
    async ({ client, names: [saga = '', id = ''] }) => {
      const value = await client.inspect(saga, id);
      return { value, text: sagaLines(value, Date.now()) };
    },
  ],
  retry: [
    2,
    async ({ client, names: [saga = '', id = ''] }) => {
      const value = await client.retry(saga, id);
      return { value, text: sagasTable([value], Date.now()) };
    },
  ],
  chain: [
    1,
    async ({ client, names: [correlation = ''] }) => {
      const value = await client.chain(correlation);
      return { value, text: chainTable(value) };
    },
  ],
};

/** `penstock sagas`: sagas for people at a terminal, and for scripts with `--json`. */
export async function sagas(args: readonly string[]): Promise<number> {
  const [verb, ...rest] = args;
  if (verb === undefined || verb.startsWith('-')) {
    parseOptions(args, OPTIONS, HELP);
    if (verb === undefined) throw new CommandError('usage', `a verb is missing\n\n${HELP}`);
    return EXIT.ok;
  }
  const entry = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (entry === undefined) throw new CommandError('usage', `no verb "${verb}"\n\n${HELP}`);
  const [count, run] = entry;
  const dashed = rest.findIndex((text) => text.startsWith('-'));
  const names = rest.slice(0, dashed === -1 ? rest.length : dashed);
  const options = parseOptions(rest.slice(names.length), OPTIONS, HELP);
  if (options === undefined) return EXIT.ok;
  if (names.length !== count)
    throw new CommandError('usage', `penstock sagas ${verb}: received ${names.length} names, expected ${count}`);
  const { value, text } = await run({ client: new SagasClient(options.url), names, options });
  process.stdout.write(options.json === true ? `${JSON.stringify(value, null, 2)}\n` : text);
  return EXIT.ok;
}
