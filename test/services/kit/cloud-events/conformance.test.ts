import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { type CloudEvent, fromHttp, fromKafka, toJson } from '@penstock/kit/cloud-events';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { eventsData, eventsDataRequirement } from '../../../helpers/events-data.ts';
import { describeWith } from '../../../helpers/requirement.ts';

interface Step {
  readonly text: string;
  /** The text between three quotes below it. */
  readonly doc: string;
  /** The rows of the table below it. */
  readonly rows: readonly (readonly string[])[];
}

interface Scenario {
  readonly title: string;
  readonly steps: readonly Step[];
}

/** What this needs of Gherkin: scenarios, their outlines and what hangs on steps. */
function scenariosOf(feature: string): readonly Scenario[] {
  return feature
    .split(/^\s*Scenario(?: Outline)?:/m)
    .slice(1)
    .flatMap((part) => {
      const [head = '', examples = ''] = part.split(/^\s*Examples:\s*$/m);
      const [title = '', ...lines] = head.split('\n');
      const [names = [], ...cases] = examples
        .split('\n')
        .filter((line) => line.includes('|'))
        .map(rowOf);
      const filled = cases.length === 0 ? [[]] : cases;
      return filled.map((values) => {
        const fill = (text: string) =>
          names.reduce((done, name, index) => done.replaceAll(`<${name}>`, values[index] ?? ''), text);
        return { title: fill(title.trim()), steps: stepsOf(lines.map(fill)) };
      });
    });
}

const rowOf = (line: string): readonly string[] =>
  line
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim());

function stepsOf(lines: readonly string[]): readonly Step[] {
  const steps: { text: string; doc: string; rows: (readonly string[])[] }[] = [];
  let quoted: string[] | undefined;
  for (const line of lines) {
    const step = steps.at(-1);
    if (line.trim() === '"""') {
      if (quoted !== undefined && step !== undefined) step.doc = dedented(quoted);
      quoted = quoted === undefined ? [] : undefined;
    } else if (quoted !== undefined) quoted.push(line);
    else if (line.trim().startsWith('|')) step?.rows.push(rowOf(line));
    else if (line.trim() !== '') steps.push({ text: line.trim(), doc: '', rows: [] });
  }
  return steps;
}

function dedented(lines: readonly string[]): string {
  const indent = Math.min(...lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)));
  return lines.map((line) => line.slice(indent)).join('\n');
}

/** Head and body of a request in text. */
function httpEvents(request: string): readonly CloudEvent[] {
  const [head = '', ...body] = request.split('\n\n');
  const headers = head
    .split('\n')
    .slice(1)
    .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]);
  return fromHttp({ headers: Object.fromEntries(headers), body: body.join('\n\n') });
}

function received(steps: readonly Step[]): CloudEvent {
  const step = (text: string) => steps.find((one) => one.text.includes(text));
  const request = step('an HTTP request');
  if (request !== undefined) return httpEvents(request.doc)[0] as CloudEvent;
  const headers = Object.fromEntries(
    (step('Kafka headers')?.rows ?? []).slice(1).map(([key = '', value = '']) => [key, Buffer.from(value)]),
  );
  return fromKafka({ value: Buffer.from(step('Kafka message with payload')?.doc ?? ''), headers });
}

const features = ['http-protocol-binding.feature', 'kafka-protocol-binding.feature'].flatMap((file) =>
  eventsDataRequirement.available
    ? scenariosOf(readFileSync(eventsData('cloudevents', file), 'utf8')).map(
        (scenario) => [file, scenario.title, scenario] as const,
      )
    : [],
);

describeWith(eventsDataRequirement, 'the conformance cases of CloudEvents', () => {
  test('are there', () => expect(features).toHaveLength(7));

  test.each(features)('%s: %s', (_file, _title, { steps }) => {
    const { data, extensions = {}, ...attributes } = received(steps);
    const expected = steps.find(({ text }) => text.includes('the attributes are'))?.rows.slice(1) ?? [];
    expect({ specversion: '1.0', ...attributes, ...extensions }).toEqual(Object.fromEntries(expected));
    expect(data).toEqual(JSON.parse(steps.find(({ text }) => text.includes('equal to the following JSON'))?.doc ?? ''));
  });

  test('what is written in the JSON format is as their schema wants it', () => {
    const ajv = new Ajv({ strict: false });
    formats.default(ajv as never);
    const validate = ajv.compile(
      JSON.parse(readFileSync(eventsData('cloudevents', 'cloudevents.schema.json'), 'utf8')) as object,
    );
    const event = {
      id: '1',
      source: '/s',
      type: 't',
      time: '2018-04-05T03:56:24Z',
      subject: 's',
      extensions: { n: 7, ok: true },
    };
    for (const data of [undefined, null, { a: 1 }, Buffer.of(1)]) {
      validate(JSON.parse(toJson({ ...event, data })));
      expect(validate.errors ?? []).toEqual([]);
    }
  });
});
