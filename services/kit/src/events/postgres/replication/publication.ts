/** What a follower of the outbox is told of: rows that are appended, not those that are taken out. */
export const PUBLICATION = 'penstock_outbox';

/** Infrastructure's part; it needs no right but that to the table, and does nothing on a server whose log is not logical. */
export const CREATE_PUBLICATION = `DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_publication WHERE pubname = '${PUBLICATION}') THEN
    CREATE PUBLICATION ${PUBLICATION} FOR TABLE event_outbox WITH (publish = 'insert');
  END IF;
END $$`;
