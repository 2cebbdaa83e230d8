import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Child } from './child.ts';
import type { Endpoint } from './endpoint.ts';
import { pathOf } from './tools.ts';
import type { Workspace } from './workspace.ts';

const script = fileURLToPath(new URL('wrk.lua', import.meta.url));
const requestTimeoutSeconds = 30;
const graceMs = 10_000;

/** Requests for one path, as fast as the answers come, on some connections for some time. */
export interface Load {
  readonly endpoint: Endpoint;
  readonly path: string;
  readonly connections: number;
  readonly seconds: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Each request carries a body of this size. */
  readonly uploadBytes?: number;
}

/** What wrk counted. Bytes are those received. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly errors: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Reads the line that wrk.lua prints at the end. */
export function parseWrk(output: string): LoadResult | undefined {
  const json = /^RESULT (\{.*\})$/m.exec(output)?.[1];
  if (json === undefined) return undefined;
  const { requests, durationUs, bytes, errors, latencyUs } = JSON.parse(json);
  return {
    requests,
    seconds: durationUs / 1e6,
    bytes,
    errors: Object.values<number>(errors).reduce((sum, count) => sum + count, 0),
    meanMs: latencyUs.mean / 1000,
    p50Ms: latencyUs.p50 / 1000,
    p99Ms: latencyUs.p99 / 1000,
  };
}

/** The command line of a load. */
export function wrkArguments(load: Load): string[] {
  const headers = Object.entries({ ...load.endpoint.headers, ...load.headers });
  return [
    ...['--threads', '1', '--connections', String(load.connections), '--duration', `${load.seconds}s`],
    ...['--timeout', `${requestTimeoutSeconds}s`, '--script', script],
    ...headers.flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
    load.endpoint.root + load.path,
    ...(load.uploadBytes === undefined ? [] : ['--', String(load.uploadBytes)]),
  ];
}

function start(workspace: Workspace, load: Load): Child {
  return workspace.processes.start(pathOf(workspace.tools, 'wrk'), wrkArguments(load));
}

async function finish(wrk: Child, limitMs: number): Promise<LoadResult> {
  await Promise.race([wrk.exited, sleep(limitMs, undefined, { ref: false })]);
  if (wrk.running) await wrk.stop();
  const result = parseWrk(wrk.stdout);
  if (result === undefined) throw new Error(`wrk gave no result: ${wrk.lastWords}`);
  if (result.errors > 0)
    throw new Error(`${result.errors} of ${result.requests} requests failed: ${wrk.stdout.trim()}`);
  return result;
}

/** Runs a load to its end. Throws when any of its requests failed, or none was answered. */
export async function runLoad(workspace: Workspace, load: Load): Promise<LoadResult> {
  const result = await finish(start(workspace, load), load.seconds * 1000 + graceMs);
  const { requests, bytes } = result;
  if (requests === 0 && (bytes === 0 || load.uploadBytes !== undefined))
    throw new Error('no request was answered');
  return result;
}

/** A load that runs beside others until it is ended. */
export interface BackgroundLoad {
  end(): Promise<LoadResult>;
}

/** Starts a load in the background; `seconds` is the longest that it runs. */
export function startLoad(workspace: Workspace, load: Load): BackgroundLoad {
  const wrk = start(workspace, load);
  return {
    end: () => {
      wrk.signal('SIGINT'); // wrk then stops and prints what it has.
      return finish(wrk, graceMs);
    },
  };
}
