import type { PreviewTeam } from './preview-team.ts';
import { visit, type VisitOptions } from './visitor.ts';
import { curl } from './curl.ts';
import type { TestScope } from './scope.ts';

export interface ApiAnswer {
  readonly status: number;
  /** In lower case. */
  readonly heads: string;
  /** What the JSON of it says. */
  readonly json: {
    readonly value?: unknown;
    readonly notes?: readonly string[];
    readonly code?: string;
    readonly message?: string;
  };
}

/** Gives commands over HTTP with the real curl and a token: a GET, or a POST of what is given. */
export function commandsByCurl(
  t: TestScope,
  team: PreviewTeam,
  token: string | undefined,
): (path: string, body?: object) => Promise<ApiAnswer> {
  const shown = token === undefined ? [] : ['--header', `Authorization: Bearer ${token}`];
  return async (path, body) => {
    const sent = body === undefined ? [] : ['--json', JSON.stringify(body)];
    const answer = await curl(t, team.gateway, [...shown, ...sent, team.url('', `/_porthole/api${path}`)]);
    return {
      status: answer.status,
      heads: answer.heads.toLowerCase(),
      json: JSON.parse(answer.body) as never,
    };
  };
}

/** One request as it is, but for what kind of error it would like. */
export async function askApi(
  team: PreviewTeam,
  path: string,
  options: VisitOptions = {},
): Promise<ApiAnswer> {
  const { status, headers, body } = await visit(team.gateway, team.url('', `/_porthole/api${path}`), {
    ...options,
    headers: { accept: 'application/json', ...options.headers },
  });
  const heads = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}\n`);
  return {
    status,
    heads: heads.join('').toLowerCase(),
    json: (body === '' ? {} : JSON.parse(body)) as never,
  };
}
