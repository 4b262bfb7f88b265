export { openLog, openLogAdmin } from './log/open-log.ts';
export type * from './log/port.ts';
export { headerOf, headersOf } from './log/record-headers.ts';
