import { fileURLToPath } from 'node:url';
import type { Portholed } from './portholed.ts';
import { Program } from './program.ts';
import { scratchDir } from './scratch-dir.ts';
import type { TestScope } from './scope.ts';

const main = fileURLToPath(new URL('../../client/main.ts', import.meta.url));

export interface PortholeOptions {
  /** Its user's home; an empty one if not given. */
  readonly home?: string;
  /** The folder that it is started in; its home if not given. */
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** The words that start the client as its own process. */
export function portholeWords(...args: readonly string[]): [string, ...string[]] {
  return [process.execPath, main, ...args];
}

/** What surrounds it: nothing of the developer's own keys, agent and CI system. */
export function portholeEnv(home: string, env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const nothing = Object.fromEntries(
    ['SSH_AUTH_SOCK', 'XDG_STATE_HOME', 'CI', ...ciVariables].map((name) => [name, '']),
  );
  return { ...nothing, HOME: home, GIT_CONFIG_NOSYSTEM: '1', GIT_CEILING_DIRECTORIES: home, ...env };
}

const ciVariables = ['GITHUB_HEAD_REF', 'GITHUB_REF_NAME', 'CI_COMMIT_REF_NAME', 'BRANCH_NAME'];

/** The bundled client as its own process. */
export function porthole(
  t: TestScope,
  args: readonly string[],
  { home = scratchDir(t), cwd = home, env = {} }: PortholeOptions = {},
): Program {
  const [file, ...words] = portholeWords(...args);
  return new Program(t, file, words, { cwd, env: portholeEnv(home, env) });
}

/** The flags that reach a gateway and trust it. */
export function reaching(gateway: Portholed): string[] {
  return ['--server', `https://localhost:${String(gateway.port)}`, '--ca', gateway.caFile];
}

/** The URLs that a client told with `--json`, as soon as there are so many. */
export async function urlsOf(client: Program, count = 1): Promise<string[]> {
  const event = '"event":"forward",[^\\n]*"url":"([^"]+)"[^\\n]*\\n';
  await client.said(new RegExp(`(?:${event}[^]*?){${String(count)}}`));
  return [...client.stdout.matchAll(new RegExp(event, 'g'))].map(([, url = '']) => url);
}
