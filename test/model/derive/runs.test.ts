import { describe, expect, test } from '@jest/globals';
import { runDeadlineFor, runsAtOnceFor, startWithinFor } from '../../../model/src/derive/runs.ts';
import { Duration } from '../../../model/src/units.ts';

// Every expected number was worked out on paper from the formula in the doc comment.

const minutes = (amount: number) => Duration.seconds(amount * 60);
const start = Duration.seconds(30);

describe('the deadline of a run', () => {
  test('tried once: 30 s to start and 1.5 times 20 minutes are 1830 s', () => {
    expect(runDeadlineFor(minutes(20), 1, start).inSeconds).toBe(1_830);
  });

  test('tried three times: 3 * 1830 s, and waits of 10 and 20 s', () => {
    expect(runDeadlineFor(minutes(20), 3, start).inSeconds).toBe(5_520);
  });

  test('tried eight times: the waits are 10, 20, 40, 80, 160, 320 and 360 s, never more', () => {
    expect(runDeadlineFor(Duration.seconds(2), 8, Duration.zero).inSeconds).toBe(8 * 3 + 990);
  });

  test('is whole seconds, since Kubernetes counts in nothing else', () => {
    expect(runDeadlineFor(Duration.milliseconds(100), 1, Duration.zero).inSeconds).toBe(1);
  });

  test('of a thousand attempts is still a number', () => {
    expect(runDeadlineFor(Duration.seconds(2), 1_000, Duration.zero).inSeconds).toBe(3_000 + 630 + 993 * 360);
  });
});

describe('a run that is late', () => {
  test('may start until the next is due', () => {
    expect(startWithinFor(minutes(15))).toEqual(minutes(15));
  });

  test('may start an hour late at most: nobody expects the nightly run at noon', () => {
    expect(startWithinFor(minutes(1_440))).toEqual(minutes(60));
  });
});

test('runs that may overlap every 15 minutes and are given up after 92 are 7 at once', () => {
  expect(runsAtOnceFor(minutes(92), minutes(15))).toBe(7);
});
