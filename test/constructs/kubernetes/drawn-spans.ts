import { randomBytes } from 'node:crypto';

/** What a trace of two spans, a root and its child, is to look like. */
export interface DrawnTrace {
  readonly name?: string;
  /** @default 'shipper' */
  readonly workload?: string;
  /** From its first start to its last end. @default 0.01 */
  readonly seconds?: number;
  readonly failed?: boolean;
  readonly childFailed?: boolean;
  readonly late?: boolean;
}

/** As OTLP has it in JSON. */
export interface DrawnSpan {
  readonly traceId: string;
  readonly [field: string]: unknown;
}

const id = (bytes: number): string => randomBytes(bytes).toString('hex');
const FAILED = { code: 2 };

/** The spans of a trace that ended just now. */
export function drawnTrace(drawn: DrawnTrace): readonly DrawnSpan[] {
  const { name = 'process orders', workload = 'shipper', seconds = 0.01, failed, childFailed, late } = drawn;
  const end = BigInt(Date.now()) * 1_000_000n;
  const start = end - BigInt(Math.round(seconds * 1e9));
  const traceId = id(16);
  const root = id(8);
  const times = { startTimeUnixNano: String(start), endTimeUnixNano: String(end) };
  return [
    {
      traceId,
      spanId: root,
      name,
      kind: 5,
      ...times,
      workload,
      attributes: late === true ? [{ key: 'penstock.late', value: { boolValue: true } }] : [],
      status: failed === true ? FAILED : {},
    },
    {
      traceId,
      spanId: id(8),
      parentSpanId: root,
      name: 'ack orders',
      kind: 3,
      ...times,
      workload,
      attributes: [],
      status: childFailed === true ? FAILED : {},
    },
  ];
}

/** Sends spans as a service does. */
export async function sendSpans(url: string, spans: readonly DrawnSpan[]): Promise<void> {
  const resourceSpans = [...Map.groupBy(spans, ({ workload }) => workload)].map(([workload, of]) => ({
    resource: {
      attributes: [
        { key: 'service.name', value: { stringValue: 'test' } },
        { key: 'service.instance.id', value: { stringValue: workload } },
      ],
    },
    scopeSpans: [{ spans: of.map(({ workload: _, ...span }) => span) }],
  }));
  const response = await fetch(`${url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans }),
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
}
