import { KitError } from '@penstock/kit';
import type { EventDatabase, SagaFilter } from '@penstock/kit/events';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

const LONGEST_LIST = 1_000;
/** A saga whose time is over for so long is moved by nobody: its runner is gone. */
const STUCK_AFTER_MS = 60_000;

const listQuery = z.strictObject({
  saga: z.string().optional(),
  status: z.enum(['running', 'compensating', 'parked', 'completed', 'compensated']).optional(),
  stuck: z.enum(['true', 'false']).optional(),
  limit: z.coerce.number().int().min(1).max(LONGEST_LIST).default(100),
});

interface OneSaga {
  readonly Params: { readonly saga: string; readonly id: string };
}

/** Shows where sagas are, and lets those that wait for a person go on. */
export function addSagaRoutes(api: FastifyInstance, database: EventDatabase): void {
  const found = async (saga: string, id: string) => {
    const inspected = await database.run('inspectSaga', saga, id);
    if (inspected === undefined)
      throw new KitError('saga-missing', `no saga ${saga} ${id}`, { repair: 'list them: GET /sagas' });
    const { record, ...rest } = inspected;
    return { ...record, state: jsonOf(record.state), ...rest };
  };
  api.get('/sagas', async ({ query }) => {
    const read = listQuery.safeParse(query);
    if (!read.success)
      throw new KitError('request-refused', z.prettifyError(read.error), { repair: 'correct what is named' });
    const { saga, status, stuck, limit } = read.data;
    const filter: SagaFilter = {
      ...(saga === undefined ? {} : { saga }),
      ...(status === undefined ? {} : { status }),
      ...(stuck === 'true' ? { stuckSince: Date.now() - STUCK_AFTER_MS } : {}),
    };
    return { counts: await database.run('countSagas'), sagas: await database.run('listSagas', filter, limit) };
  });
  api.get<OneSaga>('/sagas/:saga/:id', ({ params }) => found(params.saga, params.id));
  api.post<OneSaga>('/sagas/:saga/:id/retry', async ({ params: { saga, id } }) => {
    if ((await database.run('retrySaga', saga, id, Date.now())) === 'not parked')
      throw new KitError('request-refused', `saga ${saga} ${id} is not parked`, {
        repair: 'it goes on by itself: wait for the time it is due',
      });
    return found(saga, id);
  });
  api.get<{ readonly Params: { readonly correlation: string } }>('/chains/:correlation', async ({ params }) => ({
    links: await database.run('readChain', params.correlation),
  }));
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
  } catch {
    return undefined;
  }
}
