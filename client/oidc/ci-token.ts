import { readFile } from 'node:fs/promises';
import type { SecureContext } from 'node:tls';
import type { Parsed } from '../../core/parsed.ts';
import { problem } from '../../core/parsed.ts';
import { lost, refused, type Failure } from '../failure.ts';
import { askHttp } from '../http-ask.ts';

/** Where this machine's ID tokens come from. */
export type TokenSource =
  /** GitHub Actions makes one whenever it is asked. */
  | { readonly kind: 'github'; readonly url: URL; readonly bearer: string }
  /** GitLab CI makes one for the whole job. */
  | { readonly kind: 'variable'; readonly name: string; readonly token: string }
  | { readonly kind: 'file'; readonly path: string };

export interface TokenFlags {
  readonly oidcTokenEnv?: string | undefined;
  readonly oidcTokenFile?: string | undefined;
}

export const defaultVariable = 'PORTHOLE_ID_TOKEN';

type Variables = Readonly<Record<string, string | undefined>>;

const timeoutMs = 10_000;
const maxFileBytes = 64 * 1024;

/** What was named, else the usual variable, else GitHub; or what is missing, in words for whoever writes the job. */
export function findTokenSource(flags: TokenFlags, env: Variables, audience: string): Parsed<TokenSource> {
  if (flags.oidcTokenFile !== undefined) return found({ kind: 'file', path: flags.oidcTokenFile });
  const name = flags.oidcTokenEnv ?? defaultVariable;
  const token = env[name]?.trim() ?? '';
  if (token !== '') return found({ kind: 'variable', name, token });
  if (flags.oidcTokenEnv !== undefined) return problem(`the variable ${name} holds no token`);
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url = '', ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer = '' } = env;
  if (url !== '' && bearer !== '') return gitHub(url, bearer);
  return problem(whatIsMissing(env, audience));
}

function gitHub(text: string, bearer: string): Parsed<TokenSource> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // What is sent there lets whoever reads it get tokens for anything.
  const isSafe =
    url?.protocol === 'https:' ||
    (url?.protocol === 'http:' && /^(?:127\.|localhost$|\[::1\]$)/.test(url.hostname));
  if (url === undefined || !isSafe) return problem('ACTIONS_ID_TOKEN_REQUEST_URL is not an https address');
  return found({ kind: 'github', url, bearer });
}

function whatIsMissing(env: Variables, audience: string): string {
  if (env['GITHUB_ACTIONS'] === 'true') {
    return 'GitHub gives this job no ID tokens: it needs `permissions: id-token: write` (and a pull request from a fork gets none)';
  }
  if (env['GITLAB_CI'] === 'true') {
    return `GitLab gives this job no ID token: it needs \`id_tokens: ${defaultVariable}: aud: ${audience}\``;
  }
  return `there is no ID token here: --oidc is for jobs of GitHub Actions and GitLab CI; elsewhere name the token with --oidc-token-file or --oidc-token-env (audience ${audience})`;
}

/** Gets a token. It is for nobody but the gateway: its audience never comes from what a gateway says. */
export async function getToken(
  source: TokenSource,
  { audience, trust, signal }: { audience: string; trust: SecureContext | undefined; signal: AbortSignal },
): Promise<{ readonly kind: 'token'; readonly token: string } | Failure> {
  switch (source.kind) {
    case 'variable':
      return { kind: 'token', token: source.token };
    case 'file':
      return readToken(source.path);
    case 'github':
      return askGitHub(source, { audience, trust, signal });
  }
}

/** Read anew each time: whatever writes it may renew it. */
async function readToken(
  path: string,
): Promise<{ readonly kind: 'token'; readonly token: string } | Failure> {
  try {
    const text = await readFile(path, 'utf8');
    const token = text.length > maxFileBytes ? '' : text.trim();
    return token === ''
      ? refused('authentication', `there is no token in ${path}`)
      : { kind: 'token', token };
  } catch (error) {
    return refused(
      'authentication',
      `cannot read the token in ${path}: ${(error as NodeJS.ErrnoException).code ?? ''}`,
    );
  }
}

/** https://docs.github.com/en/actions/reference/security/oidc */
async function askGitHub(
  { url, bearer }: TokenSource & { kind: 'github' },
  { audience, trust, signal }: { audience: string; trust: SecureContext | undefined; signal: AbortSignal },
): Promise<{ readonly kind: 'token'; readonly token: string } | Failure> {
  const question = new URL(url);
  question.searchParams.set('audience', audience);
  const headers = { authorization: `bearer ${bearer}`, accept: 'application/json' };
  const result = await askHttp({ url: question, headers, trust, timeoutMs, signal });
  if (result.kind === 'failed') return lost(`GitHub gave no ID token: ${result.reason}`);
  const token = result.status === 200 ? valueOf(result.body) : undefined;
  if (token !== undefined) return { kind: 'token', token };
  const reason = `GitHub gave no ID token: it answered ${String(result.status)}`;
  return result.status >= 500 || result.status === 429 ? lost(reason) : refused('authentication', reason);
}

function valueOf(body: string): string | undefined {
  try {
    const { value } = JSON.parse(body) as { value?: unknown };
    return typeof value === 'string' && value !== '' ? value : undefined;
  } catch {
    return undefined;
  }
}

function found(value: TokenSource): Parsed<TokenSource> {
  return { ok: true, value };
}
