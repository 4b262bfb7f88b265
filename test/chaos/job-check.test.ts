import { expect, test } from '@jest/globals';
import { checkJobs, type JobRecording } from '../../chaos/job-check.ts';
import type { JobEvent, JobHistoryRow } from '../../chaos/job-history.ts';
import { type Plan, planOf } from '../../chaos/plan.ts';

const PLAN: Plan = {
  ...planOf('jobs-sqlite', 1),
  items: [
    { key: 'plain', workMs: 0, failures: 0, orderKey: 'o', hasStep: true },
    { key: 'later', workMs: 0, failures: 1, orderKey: 'o' },
    { key: 'refused', workMs: 0, failures: 'refused' },
    { key: 'hopeless', workMs: 0, failures: 'always' },
    { key: 'cancelled', workMs: 0, failures: 0 },
  ],
};

const rows = (job: string, ...events: readonly (readonly [JobEvent, number])[]): readonly JobHistoryRow[] =>
  events.map(([kind, attempt]) => ({ job, kind, attempt }));
const end = (key: string, state: string, attempt: number, maxAttempts = 60) => ({
  id: key,
  key,
  state,
  attempt,
  maxAttempts,
});

const STEPPED = [
  ['begun', 1],
  ['step', 1],
  ['step-effect', 1],
] as const;
const SUCCEEDED = [
  ['begun', 1],
  ['succeeded', 1],
  ['effect', 1],
] as const;

const GOOD: JobRecording = {
  additions: PLAN.items.map(({ key }) => ({ item: key, id: key, duplicate: false, isRepeat: false })),
  cancels: { asked: new Set(['cancelled']), confirmed: new Set(['cancelled']) },
  stepping: [{ job: 'plain', attempt: 1 }],
  history: [
    ...rows('plain', ...STEPPED, ['begun', 2], ['succeeded', 2], ['effect', 2]),
    ...rows('later', ['begun', 1], ['begun', 2], ['succeeded', 2], ['effect', 2]),
    ...rows('refused', ['begun', 1], ['failed', 1]),
    ...rows('hopeless', ['begun', 1], ['begun', 2], ['begun', 3], ['failed', 3]),
    ...rows('cancelled', ['begun', 1], ['cancelled', 1]),
  ],
  ends: [
    end('plain', 'succeeded', 2),
    end('later', 'succeeded', 2),
    end('refused', 'failed', 1),
    end('hopeless', 'failed', 3, 3),
    end('cancelled', 'cancelled', 1),
  ],
};

/** With the history of one job, and how it ended, in the place of what they were. */
function changed(
  job: string,
  history: readonly JobHistoryRow[],
  ended = GOOD.ends.find(({ id }) => id === job),
): JobRecording {
  const others = GOOD.history.filter((row) => row.job !== job);
  const at = GOOD.history.findIndex((row) => row.job === job);
  return {
    ...GOOD,
    history: [...others.slice(0, at), ...history, ...others.slice(at)],
    ends: GOOD.ends.map((other) => (other.id === job && ended !== undefined ? ended : other)),
  };
}

const rulesOf = (recording: JobRecording): readonly string[] => [
  ...new Set(checkJobs(PLAN, recording).map(({ rule, item }) => `${rule} ${item}`)),
];

test('a run that kept every promise has no findings', () => {
  expect(checkJobs(PLAN, GOOD)).toEqual([]);
});

test.each<readonly [string, string, JobRecording]>([
  ['a job that is not there', 'lost plain', { ...GOOD, ends: GOOD.ends.slice(1) }],
  [
    'a success without an effect',
    'lost plain',
    changed('plain', rows('plain', ['begun', 1], ['succeeded', 1]), end('plain', 'succeeded', 1)),
  ],
  [
    'two effects',
    'applied-twice plain',
    changed('plain', rows('plain', ...SUCCEEDED, ['effect', 1]), end('plain', 'succeeded', 1)),
  ],
  [
    'an effect of what failed',
    'applied-twice refused',
    changed('refused', rows('refused', ['begun', 1], ['failed', 1], ['effect', 1])),
  ],
  [
    'an effect of an attempt that another one had followed',
    'applied-behind-fence plain',
    changed('plain', rows('plain', ['begun', 1], ['begun', 2], ['succeeded', 2], ['effect', 1])),
  ],
  [
    'an attempt after a cancel',
    'ran-after-cancel cancelled',
    changed('cancelled', rows('cancelled', ['cancelled', 0], ['begun', 1])),
  ],
  [
    'a success after a confirmed cancel',
    'ran-after-cancel cancelled',
    changed('cancelled', rows('cancelled', ...SUCCEEDED), end('cancelled', 'succeeded', 1)),
  ],
  [
    'an attempt after the end',
    'ran-after-end refused',
    changed('refused', rows('refused', ['begun', 1], ['failed', 1], ['begun', 2]), end('refused', 'failed', 2)),
  ],
  [
    'a cancel that nobody asked for',
    'cancelled-unasked cancelled',
    { ...GOOD, cancels: { asked: new Set(), confirmed: new Set() } },
  ],
  [
    'an attempt that is not counted',
    'attempts-miscounted later',
    changed('later', rows('later', ['begun', 1], ...SUCCEEDED)),
  ],
  [
    'a failure before the last attempt',
    'attempts-miscounted hopeless',
    changed('hopeless', rows('hopeless', ['begun', 1], ['failed', 1]), end('hopeless', 'failed', 1, 3)),
  ],
  [
    'more attempts than there may be',
    'attempts-miscounted hopeless',
    changed(
      'hopeless',
      rows('hopeless', ['begun', 1], ['begun', 2], ['begun', 3], ['begun', 4], ['failed', 4]),
      end('hopeless', 'failed', 4, 3),
    ),
  ],
  [
    'a success of an attempt that was to fail',
    'attempts-miscounted later',
    changed('later', rows('later', ...SUCCEEDED), end('later', 'succeeded', 1)),
  ],
  [
    'a dead letter without a reason',
    'dead-letter-unfounded later',
    changed('later', rows('later', ['begun', 1], ['failed', 1]), end('later', 'failed', 1)),
  ],
  [
    'a success of what is hopeless',
    'dead-letter-missing refused',
    changed('refused', rows('refused', ...SUCCEEDED), end('refused', 'succeeded', 1)),
  ],
  [
    'a step that was kept, and done again',
    'step-repeated plain',
    { ...GOOD, stepping: [{ job: 'plain', attempt: 2 }] },
  ],
  [
    'a step with two effects',
    'step-repeated plain',
    changed(
      'plain',
      rows('plain', ...STEPPED, ['step-effect', 1], ['succeeded', 1], ['effect', 1]),
      end('plain', 'succeeded', 1),
    ),
  ],
  [
    'a job that began before the one ahead of it was over',
    'out-of-order later',
    {
      ...GOOD,
      history: [
        ...rows('later', ['begun', 1]),
        ...GOOD.history.filter(({ job, kind, attempt }) => job !== 'later' || kind !== 'begun' || attempt !== 1),
      ],
    },
  ],
  [
    'a key that was taken twice',
    'duplicate-taken plain',
    { ...GOOD, additions: [...GOOD.additions, { item: 'plain', id: 'plain', duplicate: false, isRepeat: true }] },
  ],
  ['a job that is not over', 'unfinished *', changed('later', rows('later', ['begun', 1]), end('later', 'running', 1))],
])('%s is found', (_, rule, recording) => {
  expect(rulesOf(recording)).toContain(rule);
});
