import { type ApiServer, apiServer, callApi } from '../api-call.ts';

export interface SagaFacts {
  readonly saga: string;
  readonly id: string;
  readonly status: string;
  readonly step: string;
  readonly direction: 'do' | 'undo';
  readonly attempt: number;
  readonly dueAt: number | null;
  readonly reason: string | null;
  readonly startedAt: number;
  readonly updatedAt: number;
}

export interface SagaDetails extends SagaFacts {
  readonly state: unknown;
  readonly history: readonly {
    readonly at: number;
    readonly what: string;
    readonly step: string;
    readonly direction: string;
    readonly attempt: number;
    readonly detail: string | null;
    readonly status: string;
  }[];
  readonly mail: readonly { readonly message: string; readonly type: string; readonly refused: string | null }[];
}

export interface ChainFacts {
  readonly links: readonly {
    readonly at: number;
    readonly consumer: string;
    readonly type: string;
    readonly message: string;
    readonly causedBy: string | null;
    readonly told: string;
  }[];
}

/** The API of an event backbone, as far as it tells of sagas. */
export class SagasClient {
  readonly #server: ApiServer;

  constructor(url: string) {
    this.#server = apiServer('event backbone', url);
  }

  list(filter: Readonly<Record<string, string | undefined>>): Promise<{ readonly sagas: readonly SagaFacts[] }> {
    const given = Object.entries(filter).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return callApi(this.#server, 'GET', `/sagas?${new URLSearchParams(given)}`);
  }

  inspect(saga: string, id: string): Promise<SagaDetails> {
    return callApi(this.#server, 'GET', sagaPath(saga, id));
  }

  retry(saga: string, id: string): Promise<SagaDetails> {
    return callApi(this.#server, 'POST', `${sagaPath(saga, id)}/retry`);
  }

  chain(correlation: string): Promise<ChainFacts> {
    return callApi(this.#server, 'GET', `/chains/${encodeURIComponent(correlation)}`);
  }
}

const sagaPath = (saga: string, id: string): string => `/sagas/${encodeURIComponent(saga)}/${encodeURIComponent(id)}`;
