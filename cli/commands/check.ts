import { EXIT } from '../exit.ts';
import { parseOptions } from '../options.ts';
import { loadPlatform } from '../platform-file.ts';
import { derivedNumbers } from '../report.ts';
import { synthesizeTargets } from '../synthesis.ts';

const HELP = `usage: penstock check [options]

Derives every number, synthesizes every target and holds what comes out against the rules. Exit 0: all hold; 1: a rule is
broken; 2: the declaration does not hold.

  --brief             one line a target
  --platform FILE     the declaration (default stacks/platform.ts)
`;

const OPTIONS = { brief: { type: 'boolean' }, platform: { type: 'string', default: 'stacks/platform.ts' } } as const;

export async function check(args: readonly string[]): Promise<number> {
  const options = parseOptions(args, OPTIONS, HELP);
  if (options === undefined) return EXIT.ok;
  const topology = await loadPlatform(options.platform);
  if (options.brief !== true) process.stdout.write(`${derivedNumbers(topology)}\n`);
  let status: number = EXIT.ok;
  for await (const { name, objects, rules, findings } of synthesizeTargets(topology)) {
    const line = `${name.padEnd(26)}${objects} objects, ${verdictOf(rules, findings.length)}\n`;
    if (findings.length === 0) {
      process.stdout.write(line);
    } else {
      status = EXIT.failed;
      process.stderr.write(line);
      if (options.brief !== true) process.stderr.write(findings.map((finding) => `  ${finding}\n`).join(''));
    }
  }
  return status;
}

function verdictOf(rules: number, findings: number): string {
  if (findings > 0) return `${findings} findings`;
  return rules === 0 ? 'synthesized' : `all of ${rules} rules hold`;
}
