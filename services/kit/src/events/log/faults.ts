import { KitError } from '../../errors.ts';

export const topicMissing = (topic: string): KitError =>
  new KitError('topic-missing', `there is no topic ${topic}`, {
    repair: 'create it: infrastructure does by its manifests, `penstock up` on this machine',
  });

export const partitionLost = (group: string, topic: string, partition: number, cause?: unknown): KitError =>
  new KitError('partition-lost', `group ${group}: partition ${partition} of ${topic} is another member's`, {
    repair: 'let go of its records: whoever has it now takes them from what was committed',
    ...(cause === undefined ? {} : { cause }),
  });

export const offsetGone = (topic: string, partition: number, offset: number, first: number): KitError =>
  new KitError(
    'offset-gone',
    `topic ${topic}, partition ${partition}: offset ${offset} is gone, the log begins at ${first}`,
    { repair: 'keep records longer than readers stay away; then say where the group goes on, knowing what it missed' },
  );

export const groupBusy = (group: string): KitError =>
  new KitError('group-busy', `group ${group} has members`, { repair: 'stop them first' });

export const logClosed = (): KitError => new KitError('bus-closed', 'the log was closed', { repair: 'open it again' });
