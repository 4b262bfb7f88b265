import { describeAccelerator, type Topology } from '@penstock/model';

/** Every derived number of a topology beside the facts it comes from, as aligned text. */
export function derivedNumbers(topology: Topology): string {
  const blocks = [`${topology.name}  ${topology.fingerprint}`];
  for (const worker of Object.values(topology.workers)) {
    const queue = topology.queues[worker.queue];
    if (queue === undefined) continue;
    blocks.push(
      block(
        `worker ${worker.id}`,
        `${queue.arrivalRate} (peak ${queue.peakRate}), ${worker.workTime.mean} each (p99 ${worker.workTime.p99}), done within ${queue.doneWithin}`,
        [
          ['concurrency', worker.concurrency],
          ['prefetch', worker.prefetch],
          ['ack wait', worker.ackWait],
          ['max ack pending', worker.maxAckPending],
          ['attempts', `${queue.maxAttempts}, waits ${queue.backoffSteps.join(', ')}`],
          ['duplicate window', queue.duplicateWindow],
          ['replicas', `${worker.minReplicas} to ${worker.maxReplicas}`],
          ['lag threshold', worker.lagThreshold],
          ['polling, cooldown', `${worker.pollingInterval}, ${worker.cooldown}`],
          ['drain, grace', `${worker.drain}, ${worker.terminationGrace}`],
        ],
      ),
    );
  }
  for (const engine of Object.values(topology.engines)) {
    blocks.push(
      block(
        `engine ${engine.id}`,
        `${engine.model.id} on ${describeAccelerator(engine.accelerator)}, ${engine.tokenRate} tokens, ${engine.peakRequests}/s requests of ${engine.tokensPerRequest} tokens at peak`,
        [
          ['replicas', engine.replicas],
          ['batch', `${engine.maxBatchTokens} tokens`],
          ['waiting', `${engine.maxQueueTokens} tokens, the rest is refused`],
          ['startup budget', engine.startupBudget],
          ['drain, grace', `${engine.drain}, ${engine.terminationGrace}`],
        ],
      ),
    );
  }
  for (const service of Object.values(topology.httpServices)) {
    blocks.push(
      block(
        `http service ${service.id}`,
        `${service.arrivalRate} (peak ${service.peakRate}), ${service.requestTime.mean} each (p99 ${service.requestTime.p99}), ${service.requestsAtOnce} at once, done within ${service.doneWithin}`,
        [
          ['replicas', `${service.minReplicas} to ${service.maxReplicas}`],
          ['cooldown', service.cooldown],
          ['drain, grace', `${service.drain}, ${service.terminationGrace}`],
        ],
      ),
    );
  }
  for (const schedule of Object.values(topology.schedules)) {
    blocks.push(
      block(
        `schedule ${schedule.id}`,
        `${schedule.cron} ${schedule.timeZone}, ${schedule.runTime.mean} a run (p99 ${schedule.runTime.p99}), overlap ${schedule.overlap}`,
        [
          ['shortest interval', schedule.shortestInterval],
          ['starts within', schedule.startWithin],
          ['attempts', schedule.attempts],
          ['given up after', schedule.deadline],
          ['runs at once', schedule.runsAtOnce],
          ['drain, grace', `${schedule.drain}, ${schedule.terminationGrace}`],
        ],
      ),
    );
  }
  for (const migration of Object.values(topology.migrations)) {
    blocks.push(
      block(`migration ${migration.id}`, `${migration.longestRun} at most`, [
        ['attempts', migration.attempts],
        ['given up after', migration.deadline],
        ['grace', migration.terminationGrace],
      ]),
    );
  }
  for (const topic of Object.values(topology.topics)) {
    blocks.push(
      block(`topic ${topic.id}`, `${topic.arrivalRate} (peak ${topic.peakRate}) of ${topic.itemSize}`, [
        ['partitions', topic.partitions],
      ]),
    );
  }
  for (const objective of Object.values(topology.objectives)) {
    const alerts = objective.alerts.map(
      (a) => `${a.severity} above ${percent(a.threshold)} late over ${a.longWindow} and ${a.shortWindow}`,
    );
    blocks.push(
      block(
        `objective ${objective.id}`,
        `${objective.target} of ${objective.queue} in time over ${objective.window}`,
        alerts.map((alert, n) => [n === 0 ? 'alerts' : '', alert]),
      ),
    );
  }
  return `${blocks.join('\n\n')}\n`;
}

function block(title: string, facts: string, rows: readonly (readonly [string, unknown])[]): string {
  return [`${title}  (${facts})`, ...rows.map(([label, value]) => `  ${label.padEnd(18)}${value}`)].join('\n');
}

const percent = (share: number): string => `${Number((share * 100).toPrecision(4))} %`;

/** What `penstock check` says of one target. */
export interface CheckedTarget {
  /** e.g. `kubernetes/prod`. */
  readonly name: string;
  readonly objects: number;
  /** How many rules it was held against. */
  readonly rules: number;
  /** One text a broken rule. */
  readonly findings: readonly string[];
}

/** One target in one line. */
export const targetLine = ({ name, objects, rules, findings }: CheckedTarget): string =>
  `${name.padEnd(26)}${objects} objects, ${verdictOf(rules, findings.length)}`;

function verdictOf(rules: number, findings: number): string {
  if (findings > 0) return `${findings} findings`;
  return rules === 0 ? 'synthesized' : `all of ${rules} rules hold`;
}
