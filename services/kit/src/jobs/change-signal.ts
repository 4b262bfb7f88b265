export { ChangeSignal } from '../sql/change-signal.ts';
