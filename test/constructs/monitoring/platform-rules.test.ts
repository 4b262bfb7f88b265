import { describe, expect, test } from '@jest/globals';
import { Bytes } from '@penstock/model';
import { platformDashboardJson, platformRules } from '../../../constructs/monitoring/platform-rules.ts';
import { platform } from '../../../stacks/platform.ts';

const elsewhere = { topology: platform, namespace: 'mailroom' } as const;
const onNats = {
  ...elsewhere,
  nats: { namespace: 'nats', servers: 3, job: 'mailroom/mailroom-nats', streamSize: Bytes.parse('1 GiB') },
} as const;

const alertsOf = (watched: Parameters<typeof platformRules>[0]): readonly string[] =>
  platformRules(watched).flatMap(({ rules }) => rules.flatMap((rule) => ('alert' in rule ? [rule.alert] : [])));

describe('the rules of a platform', () => {
  test('ask NATS only where the queues are on it: a rule about a stream that is not there never fires', () => {
    const ofNats = ['PenstockWorkerNotStarted', 'PenstockStreamFilling', 'PenstockBrokerMissing'];
    expect(alertsOf(onNats)).toEqual(expect.arrayContaining(ofNats));
    expect(alertsOf(elsewhere).filter((name) => ofNats.includes(name))).toEqual([]);
    expect(alertsOf(elsewhere)).toEqual(alertsOf(onNats).filter((name) => !ofNats.includes(name)));
  });

  test('record the late share of an objective before the alerts that look at it', () => {
    const group = platformRules(elsewhere).find(({ name }) => name === 'mailroom.objective.mails-in-time');
    const kinds = group?.rules.map((rule) => ('record' in rule ? 'record' : rule.alert));
    // Six windows of three alerts, of which 6 hours is the long one of one and the short one of another.
    expect(kinds).toEqual([...Array(5).fill('record'), ...Array(3).fill('PenstockBudgetBurn')]);
  });

  test('have a dashboard that is the same wherever the queues are', () => {
    expect(platformDashboardJson(elsewhere)).toBe(platformDashboardJson(onNats));
  });
});
