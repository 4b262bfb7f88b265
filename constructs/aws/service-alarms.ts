import { CfnAlarm, CfnCompositeAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { ConstructError } from '../errors.ts';
import type { Runbooks } from '../monitoring/alert.ts';
import type { AlarmSpec, WatchedService } from './alarm.ts';
import { loweredSignal, PERIOD_SECONDS } from './alarm-signal.ts';
import type { AlertTopics, Severity } from './alert-topics.ts';

export interface ServiceAlarmsProps {
  /** First part of every name, once in an account and region. */
  readonly name: string;
  readonly services: readonly WatchedService[];
  readonly topics: AlertTopics;
  /** Where the page of each alarm is. @default - alarms name none */
  readonly runbooks?: Runbooks;
}

/** CloudWatch's own. */
const LONGEST_NAME = 255;
const LONGEST_WINDOW_MINUTES = 24 * 60;

/**
 * Alarms of what Amazon runs. One cause is told once: all that an outage of a service sets off is one page, and what
 * follows from it (a lag, a slow answer) is told only while there is no outage.
 */
export class ServiceAlarms extends Construct {
  readonly nodes: {
    /** By name and subject, as `PenstockTopicLag-orders-billing`. */
    readonly alarms: Readonly<Record<string, CfnAlarm>>;
    /** What is told instead of the alarms themselves. */
    readonly composites: Readonly<Record<string, CfnCompositeAlarm>>;
  };
  readonly #props: ServiceAlarmsProps;
  readonly #alarms: Record<string, CfnAlarm> = {};
  readonly #composites: Record<string, CfnCompositeAlarm> = {};

  /**
   * @throws {ConstructError} `name-too-long`
   * @throws {ConstructError} `window-too-long` for an alarm that would have to look back for more than a day
   */
  constructor(scope: Construct, id: string, props: ServiceAlarmsProps) {
    super(scope, id);
    this.#props = props;
    for (const service of props.services) this.#watch(service);
    this.nodes = { alarms: this.#alarms, composites: this.#composites };
  }

  #watch({ id, title, alarms }: WatchedService): void {
    const pages = alarms.filter(({ severity }) => severity === 'page');
    const outages = pages.filter(({ follows }) => follows !== true);
    const outage = this.#outage(`${id}-outage`, title, outages);
    for (const spec of alarms) {
      if (outages.includes(spec)) continue;
      if (spec.follows !== true || outage === undefined) this.#alarm(spec, this.#told(spec.severity));
      else this.#alone(spec, outage);
    }
  }

  /** What is told of all outages of a service; undefined for one that has none. */
  #outage(name: string, title: string, outages: readonly AlarmSpec[]): string | undefined {
    const [first, ...others] = outages;
    if (first === undefined) return undefined;
    if (others.length === 0) return this.#alarm(first, this.#told('page'));
    const names = outages.map((spec) => this.#alarm(spec, {}));
    const descriptions = outages.map((spec) => `${spec.name}: ${spec.description}`);
    return this.#composite(name, names.map(inAlarm).join(' OR '), {
      description: `${title} is out of order. ${descriptions.join(' ')}`.slice(0, LONGEST_DESCRIPTION),
      severity: 'page',
    });
  }

  /** One that follows from an outage, told only by itself. */
  #alone(spec: AlarmSpec, outage: string): void {
    const name = this.#alarm(spec, {});
    this.#composite(`${keyOf(spec)}-alone`, `${inAlarm(name)} AND NOT ${inAlarm(outage)}`, {
      description: this.#describe(spec),
      severity: spec.severity,
    });
  }

  #alarm(spec: AlarmSpec, told: Told): string {
    const { limit, holds, missing, signal } = spec;
    const alarmName = this.#name(keyOf(spec));
    const minutes = Math.ceil(holds.inSeconds / PERIOD_SECONDS);
    if (minutes > LONGEST_WINDOW_MINUTES)
      throw new ConstructError('window-too-long', alarmName, `holds for ${holds}, expected a day at most`);
    this.#alarms[keyOf(spec)] = new CfnAlarm(this, keyOf(spec), {
      alarmName,
      alarmDescription: this.#describe(spec),
      ...loweredSignal(signal),
      ...comparison(limit),
      evaluationPeriods: minutes,
      treatMissingData: missing,
      ...told,
    });
    return alarmName;
  }

  #composite(name: string, alarmRule: string, { description, severity }: CompositeProps): string {
    const alarmName = this.#name(name);
    const composite = new CfnCompositeAlarm(this, name, {
      alarmName,
      alarmDescription: description,
      alarmRule,
      ...this.#told(severity),
    });
    // CloudWatch refuses a rule about an alarm that is not there; the rule names it by text.
    for (const [key, child] of [...Object.entries(this.#alarms), ...Object.entries(this.#composites)])
      if (alarmRule.includes(inAlarm(this.#name(key)))) composite.addResourceDependency(child);
    this.#composites[name] = composite;
    return alarmName;
  }

  #told(severity: Severity): Told {
    const actions = [this.#props.topics.nodes[severity].topicArn];
    // Who was woken is told when it is over.
    return { alarmActions: actions, ...(severity === 'page' ? { okActions: actions } : {}) };
  }

  #describe({ name, description }: AlarmSpec): string {
    const { runbooks } = this.#props;
    const link = runbooks === undefined ? '' : ` ${runbooks.url}#${name.toLowerCase()}`;
    return `${description.slice(0, LONGEST_DESCRIPTION - link.length)}${link}`;
  }

  #name(part: string): string {
    const name = `${this.#props.name}-${part}`;
    if (name.length <= LONGEST_NAME) return name;
    throw new ConstructError(
      'name-too-long',
      `alarm ${name}`,
      `has ${name.length} characters, expected ${LONGEST_NAME}`,
    );
  }
}

interface CompositeProps {
  readonly description: string;
  readonly severity: Severity;
}

interface Told {
  readonly alarmActions?: string[];
  readonly okActions?: string[];
}

/** CloudWatch's own. */
const LONGEST_DESCRIPTION = 1024;

export const keyOf = ({ name, subject }: Pick<AlarmSpec, 'name' | 'subject'>): string => `${name}-${subject}`;

const inAlarm = (name: string): string => `ALARM("${name}")`;

function comparison(limit: AlarmSpec['limit']): { readonly comparisonOperator: string; readonly threshold: number } {
  if ('above' in limit) return { comparisonOperator: 'GreaterThanThreshold', threshold: limit.above };
  return 'atLeast' in limit
    ? { comparisonOperator: 'GreaterThanOrEqualToThreshold', threshold: limit.atLeast }
    : { comparisonOperator: 'LessThanThreshold', threshold: limit.below };
}
