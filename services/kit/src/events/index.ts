export type * from './log/port.ts';
export { headerOf, headersOf } from './log/record-headers.ts';
