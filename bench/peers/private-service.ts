import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { hostCookieName } from '../../server/access/cookie-names.ts';
import { pathOf } from '../tools.ts';
import type { Workspace } from '../workspace.ts';
import type { PrivateService } from './peer.ts';
import { env } from './porthole-gateway.ts';
import type { PortholeGateway } from './porthole-gateway.ts';
import { sshOptions } from './ssh-tunnel.ts';

/** The service of the measured environment that is private. */
export const privateServiceName = 'hidden';

const limitMs = 20_000;
const maxRedirections = 20;

/** What it takes to measure the private service of a gateway. */
export function privateServiceOf(workspace: Workspace, gateway: PortholeGateway): PrivateService {
  const { http } = gateway;
  return {
    http: { ...http, headers: { ...http.headers, Host: `${privateServiceName}--${env}.localhost` } },
    cookie: async () => exchange(await share(workspace, gateway)),
  };
}

/** A link, by `ssh GATEWAY share`. */
async function share(workspace: Workspace, { keyAdmin }: PortholeGateway): Promise<URL> {
  const { port, user, identityFile } = keyAdmin;
  const words = ['share', `${env}/${privateServiceName}`];
  const target = ['-p', String(port), '-i', identityFile, `${user}@127.0.0.1`, ...words];
  const said = await workspace.processes.run(
    pathOf(workspace.tools, 'ssh'),
    [...sshOptions, ...target],
    limitMs,
  );
  return new URL(said.split('\n', 1)[0] ?? '');
}

/** Opens the link as a browser does, from one redirection to the next, and gives the cookies of its host. */
async function exchange(link: URL): Promise<string> {
  const jars = new Map<string, Map<string, string>>();
  let url = link;
  for (let count = 0; count < maxRedirections; count += 1) {
    const jar = jars.get(url.host) ?? new Map<string, string>();
    jars.set(url.host, jar);
    const { statusCode = 0, headers } = await visit(url, cookieHeader(jar));
    for (const cookie of headers['set-cookie'] ?? []) keep(jar, cookie);
    const isIn = url.host === link.host && jar.has(hostCookieName);
    if (isIn && headers.location === undefined) return cookieHeader(jar);
    if (headers.location === undefined) throw new Error(`the link gave ${statusCode} at ${url.host}`);
    url = new URL(headers.location, url);
  }
  throw new Error('the link leads round in circles');
}

async function visit(url: URL, cookie: string): Promise<IncomingMessage> {
  const asking = request({
    ...{
      host: '127.0.0.1',
      port: url.port,
      servername: url.hostname,
      rejectUnauthorized: false,
      agent: false,
    },
    path: url.pathname + url.search,
    headers: { Host: url.host, Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate', Cookie: cookie },
    signal: AbortSignal.timeout(limitMs),
  });
  asking.end();
  const [answer] = (await once(asking, 'response')) as [IncomingMessage];
  answer.resume();
  return answer;
}

function cookieHeader(jar: ReadonlyMap<string, string>): string {
  return [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
}

function keep(jar: Map<string, string>, setCookie: string): void {
  const [, name = '', value = ''] = /^([^=;]+)=([^;]*)/.exec(setCookie) ?? [];
  if (/;\s*max-age=0\b/i.test(setCookie)) jar.delete(name);
  else jar.set(name, value);
}
