import { KitError } from '@penstock/kit';

/** A number that a command line gives. @throws {KitError} `address-malformed` */
export function positive(option: string, text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new KitError('address-malformed', `--${option}: received ${JSON.stringify(text)}, expected a positive number`);
}

/** A benchmark as a command: what was given wrong is said in a line and ends it with 2. */
export async function runBench(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (!KitError.is(error)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
}
