import { oneLine } from './printable.ts';

/** One answered request, as the gateway's command `requests --json` tells it. */
export interface AnsweredRequest {
  readonly atMs: number;
  readonly service: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly ms: number;
}

/** Undefined when the line is anything else. All text in it is a stranger's, and made safe for a terminal. */
export function parseRequestLine(line: string): AnsweredRequest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { time, service, method, path, status, ms } = value as Record<string, unknown>;
  const atMs = typeof time === 'string' ? Date.parse(time) : NaN;
  if (Number.isNaN(atMs) || typeof method !== 'string' || typeof path !== 'string') return undefined;
  if (!isCount(status) || !isCount(ms)) return undefined;
  return {
    atMs,
    service: typeof service === 'string' ? oneLine(service) : undefined,
    method: oneLine(method),
    path: oneLine(path),
    status,
    ms,
  };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
