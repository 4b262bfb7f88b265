import type { LogRecord, RecordHeader } from '../port.ts';
import type { FoundRecord } from './scripts/records.ts';

/** Headers as one text: their bytes one character each. */
export const headerText = (headers: readonly RecordHeader[] | undefined): string | null =>
  headers === undefined || headers.length === 0
    ? null
    : JSON.stringify(headers.map(([name, value]) => [name, Buffer.from(value).toString('latin1')]));

export const recordOf = (
  topic: string,
  partition: number,
  { offset, at, key, headers, value }: FoundRecord,
): LogRecord => ({
  topic,
  partition,
  offset,
  key: key ?? undefined,
  value,
  headers:
    headers === null
      ? []
      : (JSON.parse(headers) as [string, string][]).map(([name, text]) => [name, Buffer.from(text, 'latin1')]),
  timestamp: at,
});
