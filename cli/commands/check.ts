import { EXIT } from '../exit.ts';
import { parseOptions } from '../options.ts';
import { loadPlatform } from '../platform-file.ts';
import { type CheckedTarget, derivedNumbers, targetLine } from '../report.ts';
import { synthesizeTargets } from '../synthesis.ts';

const HELP = `usage: penstock check [options]

Derives every number, synthesizes every target and holds what comes out against the rules. Exit 0: all hold; 1: a rule is
broken; 2: the declaration does not hold.

  --brief             one line a target
  --json              the same for programs: an object a line, with its findings
  --platform FILE     the declaration (default stacks/platform.ts)
`;

const OPTIONS = {
  brief: { type: 'boolean' },
  json: { type: 'boolean' },
  platform: { type: 'string', default: 'stacks/platform.ts' },
} as const;

export async function check(args: readonly string[]): Promise<number> {
  const options = parseOptions(args, OPTIONS, HELP);
  if (options === undefined) return EXIT.ok;
  const topology = await loadPlatform(options.platform);
  const brief = options.brief === true || options.json === true;
  if (!brief) process.stdout.write(`${derivedNumbers(topology)}\n`);
  let status: number = EXIT.ok;
  for await (const { name, objects, rules, findings } of synthesizeTargets(topology)) {
    const target: CheckedTarget = { name, objects, rules, findings };
    if (findings.length > 0) status = EXIT.failed;
    if (options.json === true) {
      process.stdout.write(`${JSON.stringify(target)}\n`);
    } else if (findings.length === 0) {
      process.stdout.write(`${targetLine(target)}\n`);
    } else {
      process.stderr.write(`${targetLine(target)}\n`);
      if (!brief) process.stderr.write(findings.map((finding) => `  ${finding}\n`).join(''));
    }
  }
  return status;
}
