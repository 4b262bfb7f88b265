import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a run is: a resumed run has the same input, bus and model as the one that was interrupted. */
export interface RunIdentity {
  readonly topology: string;
  readonly input: string;
  readonly bus: string;
  readonly model: string;
}

interface RunRecord extends RunIdentity {
  readonly startedAt: number;
  /** Items handed to the bus for certain. A later one may have been too: its key makes a second publish harmless. */
  readonly fed: number;
  readonly finishedAt?: number;
}

const RECORD = 'run.json';

/**
 * The folder that holds everything one run writes: the embedded broker's file, the effects, the logs, the verdicts.
 * An unfinished run is taken up again; a finished one stays as it is.
 */
export class RunFolder {
  readonly path: string;
  readonly name: string;
  readonly resumed: boolean;
  #record: RunRecord;

  private constructor(path: string, name: string, resumed: boolean, record: RunRecord) {
    this.path = path;
    this.name = name;
    this.resumed = resumed;
    this.#record = record;
  }

  static async open(root: string, identity: RunIdentity): Promise<RunFolder> {
    const parent = join(root, identity.topology);
    await mkdir(parent, { recursive: true });
    const names = (await readdir(parent))
      .filter((name) => /^run-\d+$/.test(name))
      .toSorted((a, b) => numberOf(a) - numberOf(b));
    for (const name of names.toReversed()) {
      const record = await readRecord(join(parent, name, RECORD));
      if (record === undefined || record.finishedAt !== undefined) continue;
      const { topology, input, bus, model } = record;
      const same =
        topology === identity.topology && input === identity.input && bus === identity.bus && model === identity.model;
      if (same) return new RunFolder(join(parent, name), name, true, record);
    }
    const name = `run-${numberOf(names.at(-1) ?? 'run-0') + 1}`;
    await mkdir(join(parent, name));
    const run = new RunFolder(join(parent, name), name, false, { ...identity, startedAt: Date.now(), fed: 0 });
    await run.#save();
    return run;
  }

  get fed(): number {
    return this.#record.fed;
  }

  file(name: string): string {
    return join(this.path, name);
  }

  async recordFed(fed: number): Promise<void> {
    this.#record = { ...this.#record, fed };
    await this.#save();
  }

  async finish(): Promise<void> {
    this.#record = { ...this.#record, finishedAt: Date.now() };
    await this.#save();
  }

  async #save(): Promise<void> {
    const path = join(this.path, RECORD);
    await writeFile(`${path}.new`, JSON.stringify(this.#record));
    await rename(`${path}.new`, path);
  }
}

const numberOf = (name: string): number => Number(name.slice('run-'.length));

async function readRecord(path: string): Promise<RunRecord | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as RunRecord;
  } catch {
    // A run that died before its record was written has nothing to go on with.
    return undefined;
  }
}
