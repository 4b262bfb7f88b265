import { declareHttpService } from '@penstock/model';

/** Brings what services wrote to their outboxes into the log, keeps projections up to date, and shows how far both are. */
export const eventBackbone = declareHttpService({ name: 'event-backbone', calls: [], publishes: {} });
