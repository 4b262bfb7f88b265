import { Duration } from '../units.ts';

/** Twice the load time, before the kubelet gives up on a process that is starting. */
export const startupBudgetFor = (loadTime: Duration): Duration => loadTime.times(2).roundedUpToSeconds();

/** What a Deployment waits by itself; shorter only means alarms that are false. */
const SHORTEST_PROGRESS = Duration.parse('10 minutes');

/**
 * From one ready replica to the next in a rollout: twice the time that a node, its image and the model take. The 10
 * minutes of Kubernetes end while a GPU node is still pulling.
 */
export const progressDeadlineFor = (coldStart: Duration, loadTime: Duration): Duration =>
  Duration.max(coldStart.plus(loadTime).times(2).roundedUpToSeconds(), SHORTEST_PROGRESS);
