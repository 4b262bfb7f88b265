import { openEvents, openLog } from '@penstock/kit/events';
import { type Boundary, CrashPoints, startShop } from './shop-parts.ts';

// The shop as a process that kills itself at a boundary: nothing of it gets to say goodbye.

export interface CrashPlan {
  readonly url: string;
  readonly logUrl: string;
  readonly at: number;
  readonly where: Boundary;
}

const { url, logUrl, at, where } = JSON.parse(process.argv[2] as string) as CrashPlan;
const crash = new CrashPoints(at, where, () => {
  process.kill(process.pid, 'SIGKILL');
  return new Promise<never>(() => {});
});
startShop(crash.database(await openEvents(url)), crash.log(await openLog(logUrl)));
process.send?.('ready');
