import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { CORRECTIONS, TRIGGER_TYPES } from '../../../../constructs/kubernetes/keda/corrections.ts';
import { type ScalersSchema, triggerSource } from '../../../../constructs/kubernetes/keda/trigger-source.ts';
import { kedaScalers, realData, triggerParameters } from '../../../helpers/manifests.ts';
import { describeWith } from '../../../helpers/requirement.ts';

const GENERATED = new URL('../../../../constructs/kubernetes/keda/generated-triggers.ts', import.meta.url);

describeWith(realData, "with KEDA's own list of parameters", () => {
  let text: string;

  beforeAll(() => {
    text = kedaScalers();
  });

  test('the types that are checked in are those it makes: npm run generate:triggers', () => {
    const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
    expect(readFileSync(GENERATED, 'utf8')).toBe(triggerSource(JSON.parse(text) as ScalersSchema, digest));
  });

  test.each(TRIGGER_TYPES)('%s is a trigger of KEDA', (type) => {
    expect(triggerParameters(type).length).toBeGreaterThan(5);
  });

  const corrections = Object.entries(CORRECTIONS).flatMap(([type, of]) =>
    Object.entries(of).map(([name, correction]) => ({ type, name, ...correction })),
  );

  test('every correction is of a parameter that KEDA lists, and every added one is of one that it does not', () => {
    const wrong = corrections.filter(({ type, name, as }) => {
      const listed = triggerParameters(type).some((parameter) => parameter.name === name);
      return listed === as.startsWith('added');
    });
    expect(wrong).toEqual([]);
  });

  test('none demands what KEDA demands itself and takes any value', () => {
    const idle = corrections.filter(({ type, name, as, values }) => {
      const listed = triggerParameters(type).find((parameter) => parameter.name === name);
      return as === 'demanded' && values === undefined && listed?.optional !== true && listed?.default === undefined;
    });
    expect(idle).toEqual([]);
  });

  test('no credential has a place in a manifest', () => {
    const file = readFileSync(GENERATED, 'utf8');
    const fields = [...file.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name as string);
    expect(fields.length).toBeGreaterThan(40);
    expect(
      fields.filter((name) => /[pP]assword|[tT]oken$|^username$|^key|^cert|^ca$|[sS]ecret|[cC]onnection$/.test(name)),
    ).toEqual([]);
  });
});

describe('the source of a trigger', () => {
  const listed = (parameters: ScalersSchema['scalers'][number]['parameters']): string =>
    triggerSource({ kedaVersion: '9.9.9', scalers: [{ type: 'nats-jetstream', parameters }] }, 'sha256:0');

  test('says of which KEDA it is', () => {
    expect(listed([])).toContain('// KEDA 9.9.9, scalers-schema.json sha256:0');
  });

  test('demands what has neither a default nor leave to be missing, and states the defaults of the rest', () => {
    const source = listed([
      { name: 'stream', metadataVariableReadable: true },
      { name: 'lagThreshold', default: '10', metadataVariableReadable: true },
      { name: 'useHttps', default: 'false', optional: true, metadataVariableReadable: true },
    ]);
    expect(source).toContain('  readonly stream: string;');
    expect(source).toContain("  /** @default '10' */\n  readonly lagThreshold?: string;");
    expect(source).toContain("  /** @default 'false' */\n  readonly useHttps?: 'true' | 'false';");
  });

  test('keeps a parameter that only an authentication may carry out of the manifest', () => {
    const source = listed([{ name: 'seed', optional: true, triggerAuthenticationVariableReadable: true }]);
    expect(source).not.toContain('readonly seed');
    expect(source).toContain("export type NatsJetstreamCredential = 'seed';");
  });

  test('writes long unions one member a line, as the formatter would', () => {
    const allowedValue = ['a', 'b', 'c'].map((letter) => letter.repeat(40));
    const source = listed([{ name: 'mode', allowedValue, metadataVariableReadable: true }]);
    expect(source).toContain(`  readonly mode:\n    | '${allowedValue[0]}'\n    | '${allowedValue[1]}'\n    | '`);
  });
});
