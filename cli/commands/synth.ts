import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { CommandError, EXIT } from '../exit.ts';
import { parseOptions } from '../options.ts';
import { loadPlatform } from '../platform-file.ts';
import { synthesizeClusters } from '../synthesis.ts';

const HELP = `usage: penstock synth [options]

Writes the manifests of every cluster, each as one file whose objects stand in the order to apply them. The stacks of
AWS and Google Cloud are written by their own tools: cdk synth, pulumi preview.

  --out DIR           (default dist)
  --platform FILE     the declaration (default stacks/platform.ts)
`;

const OPTIONS = {
  out: { type: 'string', default: 'dist' },
  platform: { type: 'string', default: 'stacks/platform.ts' },
} as const;

export async function synth(args: readonly string[]): Promise<number> {
  const options = parseOptions(args, OPTIONS, HELP);
  if (options === undefined) return EXIT.ok;
  const topology = await loadPlatform(options.platform);
  for (const { name, manifests, findings } of synthesizeClusters(topology)) {
    if (findings.length > 0)
      throw new CommandError(
        'findings',
        `${name} breaks ${findings.length} rules and was not written\n  ${findings.join('\n  ')}\n`,
      );
    const path = resolve(options.out, `${name}.yaml`);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, manifests.map((manifest) => stringify(manifest)).join('---\n'));
    process.stdout.write(`${path}  ${manifests.length} objects\n`);
  }
  return EXIT.ok;
}
