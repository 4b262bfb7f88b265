import type { LogRecord, RecordHeader } from './port.ts';

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Headers of texts, as UTF-8. */
export const headersOf = (texts: Readonly<Record<string, string>>): readonly RecordHeader[] =>
  Object.entries(texts).map(([name, text]) => [name, encoder.encode(text)]);

/** The text of the last header of that name: the last one counts where there are several. */
export function headerOf({ headers }: Pick<LogRecord, 'headers'>, name: string): string | undefined {
  const value = headers.findLast(([found]) => found === name)?.[1];
  return value === undefined ? undefined : decoder.decode(value);
}
