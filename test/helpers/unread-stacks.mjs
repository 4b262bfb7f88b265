// Pulumi reads the stack of every promise, for a leak that no test looks for, and of every resource, for a place that no
// stand-in shows. Jest maps each of a hundred frames to its source for that: two thirds of the time of a suite. Those two
// are left out here, and every other stack is as Jest has it.
import { runInThisContext } from 'node:vm';

const UNREAD = ['/@pulumi/pulumi/runtime/debuggable.js', '/@pulumi/pulumi/resource.js'];

/** That of Jest itself: tests have one of their own. */
const outer = runInThisContext('Error');

Error.prepareStackTrace = (error, frames) => {
  const reader = frames[0]?.getFileName() ?? '';
  return UNREAD.some((file) => reader.endsWith(file)) ? '' : outer.prepareStackTrace(error, frames);
};
