import type { QueueProfile } from '@penstock/model';

// What the services' NATS driver asks of the server, subject by subject, and nothing else. Written here and there, since
// infrastructure and services share nothing but the model; a test runs the driver under exactly these permissions.

/** What a client may do with one queue. */
export type NatsGrant =
  | { readonly role: 'publisher'; readonly queue: QueueProfile }
  | { readonly role: 'consumer'; readonly queue: QueueProfile }
  /** Makes streams and consumers: the operator that applies their manifests, and no service. */
  | { readonly role: 'provisioner' };

export interface NatsPermissions {
  readonly publish: { readonly allow: readonly string[] };
  readonly subscribe: { readonly allow: readonly string[]; readonly deny?: readonly string[] };
}

/** One who may connect. The server knows only the public key; the seed lies in a secret of the client's namespace. */
export interface NatsClient {
  /** Public user key (`U...`), as `nk -gen user -pubout` prints it. */
  readonly publicKey: string;
  readonly grants: readonly NatsGrant[];
}

/** The subjects of all grants of a client, and inboxes that none of the others can read. */
export function permissionsOf({ publicKey, grants }: NatsClient, all: readonly NatsClient[]): NatsPermissions {
  const publish = new Set(grants.flatMap(publishable));
  const subscribe = new Set([inboxOf(publicKey), ...grants.flatMap(readable)]);
  // Nobody tells the operator where its answers come: it makes its inboxes anywhere, but in nobody else's.
  const deny = grants.some(({ role }) => role === 'provisioner')
    ? all.filter((other) => other.publicKey !== publicKey).map((other) => inboxOf(other.publicKey))
    : [];
  return {
    publish: { allow: [...publish].toSorted() },
    subscribe: { allow: [...subscribe].toSorted(), ...(deny.length === 0 ? {} : { deny: deny.toSorted() }) },
  };
}

const inboxOf = (publicKey: string): string => `_INBOX.${publicKey}.>`;

function publishable(grant: NatsGrant): readonly string[] {
  if (grant.role === 'provisioner') return ['$JS.API.>'];
  const { queue } = grant;
  // Whoever binds looks at what is there.
  const look = [
    `$JS.API.STREAM.INFO.${queue.stream}`,
    `$JS.API.STREAM.INFO.${queue.deadLetterStream}`,
    `$JS.API.CONSUMER.INFO.${queue.stream}.${queue.consumer}`,
  ];
  if (grant.role === 'publisher') return [...look, queue.subject];
  return [
    ...look,
    `$JS.API.CONSUMER.MSG.NEXT.${queue.stream}.${queue.consumer}`,
    `$JS.API.DIRECT.GET.${queue.deadLetterStream}`,
    `$JS.API.DIRECT.GET.${queue.deadLetterStream}.>`,
    `$JS.API.STREAM.MSG.GET.${queue.deadLetterStream}`,
    // Only of notes on attempts, by their subject; the server has no permission on the filter itself.
    `$JS.API.STREAM.PURGE.${queue.deadLetterStream}`,
    `$JS.ACK.${queue.stream}.${queue.consumer}.>`,
    // As servers from 2.15 name it: domain and account come first.
    `$JS.ACK.*.*.${queue.stream}.${queue.consumer}.>`,
    `${queue.deadLetterSubject}.>`,
  ];
}

/** A consumer hears when another one begins an epoch of fencing tokens. */
function readable(grant: NatsGrant): readonly string[] {
  if (grant.role === 'provisioner') return ['_INBOX.>'];
  return grant.role === 'consumer' ? [`${grant.queue.deadLetterSubject}.note.>`] : [];
}
