import { plain, span, table } from '../table.ts';
import type { ChainFacts, SagaDetails, SagaFacts } from './sagas-client.ts';

export function sagasTable(sagas: readonly SagaFacts[], now: number): string {
  if (sagas.length === 0) return 'no saga matches\n';
  const rows = sagas.map(({ saga, id, status, step, direction, attempt, dueAt, updatedAt, reason }) => [
    plain(saga),
    plain(id),
    status,
    plain(direction === 'do' ? step : `undo ${step}`),
    String(attempt),
    dueAt === null ? '' : dueAt < now ? `${span(now - dueAt)} ago` : `in ${span(dueAt - now)}`,
    `${span(Math.max(0, now - updatedAt))} ago`,
    plain(reason ?? ''),
  ]);
  return table(['saga', 'id', 'status', 'step', 'attempt', 'due', 'moved', 'why'], rows);
}

export function sagaLines(details: SagaDetails, now: number): string {
  const history = details.history.map(({ at, what, step, direction, attempt, status, detail }) => [
    new Date(at).toISOString(),
    plain(direction === 'do' ? step : `undo ${step}`),
    what,
    String(attempt),
    status,
    plain(detail ?? ''),
  ]);
  const mail = details.mail.map(({ message, type, refused }) => [plain(message), plain(type), plain(refused ?? '')]);
  return [
    sagasTable([details], now),
    table(['at', 'step', 'what', 'attempt', 'then', ''], history),
    mail.length === 0 ? '' : table(['not acted on', 'type', 'why'], mail),
    `state ${plain(JSON.stringify(details.state))}\n`,
  ].join('\n');
}

export function chainTable({ links }: ChainFacts): string {
  if (links.length === 0) return 'no link is known\n';
  const rows = links.map(({ at, consumer, type, message, causedBy, told }) => [
    new Date(at).toISOString(),
    plain(consumer),
    plain(type),
    plain(message),
    plain(causedBy ?? ''),
    plain(told),
  ]);
  return table(['at', 'by', 'on', 'event', 'caused by', 'told'], rows);
}
