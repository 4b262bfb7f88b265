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
  readonly subscribe: { readonly allow: readonly string[] };
}

/** The subjects of all grants, and an inbox that no other client can read. */
export function permissionsOf(publicKey: string, grants: readonly NatsGrant[]): NatsPermissions {
  const inbox = `_INBOX.${publicKey}.>`;
  const publish = new Set(grants.flatMap(publishable));
  const subscribe = new Set([inbox, ...grants.flatMap(readable)]);
  return { publish: { allow: [...publish].toSorted() }, subscribe: { allow: [...subscribe].toSorted() } };
}

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
const readable = (grant: NatsGrant): readonly string[] =>
  grant.role === 'consumer' ? [`${grant.queue.deadLetterSubject}.note.>`] : [];
