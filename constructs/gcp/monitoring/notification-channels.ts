import { monitoring } from '@pulumi/gcp';
import { ComponentResource, type ComponentResourceOptions } from '@pulumi/pulumi';
import type { GoogleProject } from '../google-project.ts';
import type { Notified } from './alert-policy.ts';

/** Who is told. What needs a key of somebody's (a pager) is made elsewhere and named: no key goes through a program. */
export type Recipient =
  | { readonly kind: 'email'; readonly address: string }
  /** `projects/<project>/notificationChannels/<id>`. */
  | { readonly kind: 'channel'; readonly name: string };

export interface NotificationChannelsArgs {
  readonly project: GoogleProject;
  readonly pages: readonly Recipient[];
  readonly tickets: readonly Recipient[];
}

/** Channels of Cloud Monitoring for those who are told by mail, and the names of those that are there. */
export class NotificationChannels extends ComponentResource {
  /** By address. */
  readonly nodes: { readonly channels: Readonly<Record<string, monitoring.NotificationChannel>> };
  readonly notified: Notified;

  constructor(name: string, args: NotificationChannelsArgs, options: ComponentResourceOptions = {}) {
    super('penstock:gcp:NotificationChannels', name, {}, options);
    const recipients = [...args.pages, ...args.tickets];
    const addresses = new Set(recipients.flatMap((each) => (each.kind === 'email' ? [each.address] : [])));
    const channels = Object.fromEntries(
      [...addresses].map((address) => [
        address,
        new monitoring.NotificationChannel(
          `${name}-${address}`,
          {
            project: args.project.id,
            type: 'email',
            displayName: address,
            labels: { email_address: address },
            // Policies that name it are taken away first, and with them what it would leave behind.
            forceDelete: false,
          },
          { parent: this },
        ),
      ]),
    );
    const nameOf = (recipient: Recipient) =>
      recipient.kind === 'channel'
        ? recipient.name
        : (channels[recipient.address] as monitoring.NotificationChannel).name;
    this.nodes = { channels };
    this.notified = { pages: args.pages.map(nameOf), tickets: args.tickets.map(nameOf) };
    this.registerOutputs({});
  }
}
