/**
 * The shape by which Pulumi's host knows that something was made all the same: it keeps it, so that it is taken down with
 * the stack, or mended by the next run.
 */
export function partlyMade(error: unknown, id: string, properties: object): unknown {
  const reasons = [error instanceof Error ? error.message : String(error)];
  return error instanceof Error ? Object.assign(error, { id, properties, reasons }) : error;
}
