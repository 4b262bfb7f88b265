import { EXIT, reportError } from './exit.ts';

/** A command: its arguments in, its exit status out. Loaded on use, so that each costs only what it needs. */
type Command = (args: readonly string[]) => Promise<number>;

const COMMANDS: Readonly<Record<string, readonly [summary: string, load: () => Promise<Command>]>> = {
  up: ['run the platform on this machine', async () => (await import('./commands/up.ts')).up],
  orders: [
    'run a shop on this machine, with faults, and audit its books',
    async () => (await import('./commands/orders.ts')).orders,
  ],
  check: [
    'derive every number, synthesize every target and hold it against the rules',
    async () => (await import('./commands/check.ts')).check,
  ],
  synth: ['write what would be deployed', async () => (await import('./commands/synth.ts')).synth],
  plan: [
    'say in which order it is applied, and what blocks its teardown',
    async () => (await import('./commands/plan.ts')).plan,
  ],
  queue: ['look at queues of jobs and operate them', async () => (await import('./commands/queue.ts')).queue],
  sagas: [
    'show where sagas are, and let those that are parked go on',
    async () => (await import('./commands/sagas.ts')).sagas,
  ],
  topics: [
    'plan topics and make them, look at their groups, redrive and replay',
    async () => (await import('./commands/topics.ts')).topics,
  ],
  schemas: [
    'check, publish and generate from schemas of events',
    async () => (await import('./commands/schemas.ts')).schemas,
  ],
  train: [
    'train the classifier on the half of the corpus that is not fed',
    async () => (await import('./commands/train.ts')).train,
  ],
  models: ['list, fetch and verify the local models', async () => (await import('./commands/models.ts')).models],
};

function usage(): string {
  const rows = Object.entries(COMMANDS).map(([name, [summary]]) => `  ${name.padEnd(8)}${summary}`);
  return `usage: penstock <command> [options]\n\n${rows.join('\n')}\n\n  penstock <command> --help says more\n`;
}

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === 'help') {
    process.stdout.write(usage());
    return name === undefined ? EXIT.invalid : EXIT.ok;
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined) {
    process.stderr.write(`penstock: no command "${name}"\n\n${usage()}`);
    return EXIT.invalid;
  }
  try {
    const command = await entry[1]();
    return await command(args);
  } catch (error) {
    return reportError(error, (text) => process.stderr.write(text));
  }
}

process.exitCode = await main(process.argv.slice(2));
