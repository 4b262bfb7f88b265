import { declareHttpService } from '@penstock/model';

/** Brings what services wrote to their outboxes into the log, and shows how far it and the readers of the log are. */
export const eventBackbone = declareHttpService({ name: 'event-backbone', calls: [], publishes: {} });
