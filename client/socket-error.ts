/** `connect ECONNREFUSED 127.0.0.1:3000`, also when several addresses of a name were tried. */
export function describeSocketError(error: NodeJS.ErrnoException, target: string): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  if (first instanceof Error) return first.message;
  return error.message === '' ? `cannot connect to ${target}` : error.message;
}
