import { errorTable } from '../../core/errors.ts';
import { AttemptLimits } from '../../server/access/attempt-limits.ts';
import { AccessDoorkeeper } from '../../server/access/doorkeeper.ts';
import type { GrantRecord, NewGrant } from '../../server/access/grant-record.ts';
import { grantToken } from '../../server/access/grant-token.ts';
import type { HandOverCode } from '../../server/access/hand-over-code.ts';
import { LoginLinks } from '../../server/access/login-links.ts';
import { OneTimeCodes } from '../../server/access/one-time-codes.ts';
import { nowhere } from '../../server/access/place-of.ts';
import type { Account } from '../../server/access/session-record.ts';
import type { Place, Viewer } from '../../server/access/viewer.ts';
import type { LoginContext } from '../../server/login/login-context.ts';
import type { SignIn } from '../../server/login/sign-in.ts';
import { loginEndpoints, makeSignIn } from '../../server/login-parts.ts';
import type { EndpointAnswer, EndpointHeaders, OwnEndpoint } from '../../server/pages/own-endpoint.ts';
import { PublicUrls } from '../../server/routing/public-urls.ts';
import type { AuditEntry } from '../../server/store/audit-entry.ts';
import { openDatabase } from '../../server/store/database.ts';
import { GrantStore } from '../../server/store/grant-store.ts';
import { SessionStore } from '../../server/store/session-store.ts';
import { AuditLog } from '../../server/store/audit-log.ts';
import { nobody, placeAt, PlainSealer } from './door.ts';
import { endpointCall } from './endpoint-call.ts';
import { createLog } from './log-lines.ts';
import { scratchDir } from './scratch-dir.ts';
import type { TestScope } from './scope.ts';

const domain = 'preview.example.com';
export const loginOrigin = `https://${domain}`;
const dayMs = 86_400_000;
export const startMs = Date.UTC(2026, 10, 22, 18);

export const ana: Account = {
  kind: 'key',
  principal: 'ana',
  fingerprint: `SHA256:${'a'.repeat(43)}`,
  role: 'member',
  envPatterns: [],
  certificate: undefined,
};

export function person(email: string): Account {
  return {
    kind: 'person',
    provider: 'corp',
    subject: email,
    email,
    name: undefined,
    groups: [],
  };
}

export interface LoginSetting {
  readonly context: LoginContext;
  readonly loginLinks: LoginLinks;
  readonly signIn: SignIn;
  readonly endpoints: readonly OwnEndpoint[];
  readonly doorkeeper: AccessDoorkeeper;
  readonly grants: GrantStore;
  readonly sessions: SessionStore;
  /** What was noted, and not written with a change. */
  readonly noted: readonly AuditEntry[];
  readonly audited: () => ReturnType<AuditLog['list']>;
  /** There is a preview at the label now. */
  readonly offer: (label: string, more?: Partial<Place>) => void;
  /** Whom the account may see from now on; undefined: nobody knows it any more. */
  readonly know: (account: Account, viewer: Partial<Viewer> | undefined) => void;
  readonly give: (id: string, grant?: Partial<NewGrant>) => Promise<GrantRecord>;
  /** The text of a link or a token. */
  readonly secretOf: (id: string, kind?: 'link' | 'token') => string;
  readonly clock: { nowMs: number };
  readonly logLines: ReturnType<typeof createLog>['lines'];
}

/** The login pages over real stores, with the previews and the people that the test says there are. */
export async function loginSetting(
  t: TestScope,
  overrides: Partial<LoginContext> = {},
  providers: readonly { name: string; title: string }[] = [],
): Promise<LoginSetting> {
  const { log, lines } = createLog();
  const clock = { nowMs: startMs };
  const now = (): number => clock.nowMs;
  const database = await openDatabase(scratchDir(t));
  const grants = await GrantStore.open({ database, log, now });
  const sessions = await SessionStore.open({ database, log, now });
  const audit = new AuditLog({ database, log, retentionMs: 365 * dayMs });
  t.teardown(async () => {
    await Promise.all([grants.release(), sessions.release(), audit.close()]);
    await database.close();
  });
  const noted: AuditEntry[] = [];
  const placed = new Map<string, Place>();
  const known = new Map<string, Viewer>();
  const keyOf = (account: Account): string => (account.kind === 'key' ? account.principal : account.subject);
  const loginLinks = new LoginLinks({ loginOrigin });
  const context: LoginContext = {
    loginOrigin,
    loginHost: domain,
    domain,
    urls: new PublicUrls({ protocol: 'https', domain, port: 443 }),
    sshPort: 443,
    sessionTtlMs: 7 * dayMs,
    embedOrigins: [],
    grantKey: Buffer.alloc(32, 7),
    sealer: new PlainSealer(),
    codes: new OneTimeCodes<HandOverCode>({ ttlMs: 60_000, max: 1000, now }),
    loginLinks,
    places: {
      placeOf: (label) => placed.get(label) ?? nowhere(label.split('--').at(-1) ?? '', label),
      labelsOf: (env) => [...placed.keys()].filter((label) => label === env || label.endsWith(`--${env}`)),
    },
    attempts: new AttemptLimits({ now }),
    sessions,
    grants,
    viewers: { viewerOf: (account) => known.get(keyOf(account)), onChange: () => undefined },
    audit: { record: (entry) => void noted.push(entry) },
    log,
    now,
    ...overrides,
  };
  const signIn = makeSignIn(context);
  return {
    context,
    loginLinks,
    signIn,
    endpoints: loginEndpoints(context, { providers: { list: () => providers }, signIn }),
    doorkeeper: new AccessDoorkeeper({
      ...context,
      publicAddress: { protocol: 'https', port: 443 },
      allowedOrigins: [],
      visitorNetworks: [],
      shareKey: context.grantKey,
      proofs: { look: () => ({ kind: 'not-ours' }) },
    }),
    grants,
    sessions,
    noted,
    audited: () => audit.list({ limit: 1000 }),
    offer: (label, more) => void placed.set(label, placeAt(label, more)),
    know: (account, viewer) => {
      if (viewer === undefined) known.delete(keyOf(account));
      else known.set(keyOf(account), { ...nobody, ...viewer });
    },
    give: async (id, more = {}) => {
      const grant: NewGrant = {
        ...{ id, kind: 'link', env: 'pr-42', service: undefined, owner: 'ana', name: '' },
        ...{ createdAt: startMs, createdBy: 'ana', expiresAt: startMs + dayMs, emails: [] },
        ...{ maxUses: undefined, hash: undefined },
        ...more,
      };
      const entry = { at: startMs, action: 'share.create', result: 'ok' } as const;
      await grants.change([{ kind: 'add', grant }], entry);
      const given = grants.byId(id);
      if (given === undefined) throw new Error('it was not added');
      return given;
    },
    secretOf: (id, kind = 'link') => grantToken(context.grantKey, kind, id),
    clock,
    logLines: lines,
  };
}

/** An answer as a visitor sees it. */
export interface Seen {
  readonly url: string;
  readonly status: number;
  readonly code: string | undefined;
  readonly body: string;
  /** All values of a field. */
  readonly all: (name: string) => readonly string[];
  readonly header: (name: string) => string | undefined;
}

/** A browser that asks the login pages, and the doorkeeper at the hosts of previews: it keeps cookies and follows redirections. */
export class LoginVisitor {
  readonly #setting: LoginSetting;
  /** By host, then by name. */
  readonly jar = new Map<string, Map<string, string>>();
  /** The addresses of the last way, the first included. */
  way: string[] = [];
  address = '192.0.2.1';
  /** It says what it does, as browsers do. */
  headers: Partial<EndpointHeaders> = {};

  constructor(setting: LoginSetting) {
    this.#setting = setting;
  }

  /** Goes to an address and on, as far as it is sent: no more than 20 redirections in a row, as browsers. */
  async go(url: string): Promise<Seen> {
    this.way = [];
    return this.#follow(url, 'GET', '');
  }

  /** Asks once. */
  ask(url: string, method: 'GET' | 'POST' = 'GET', form = ''): Promise<Seen> {
    return this.#ask(new URL(url), method, form);
  }

  /** Sends a form from a page of the login origin, and follows. */
  async send(url: string, fields: Record<string, string>): Promise<Seen> {
    this.way = [];
    return this.#follow(url, 'POST', new URLSearchParams(fields).toString());
  }

  /** Sends the form of a page with all that is in it, and this besides. */
  submit(page: Seen, fields: Record<string, string> = {}, at = 0): Promise<Seen> {
    const form = [...page.body.matchAll(/<form method="post" action="([^"]+)">([^]*?)<\/form>/g)][at];
    if (form === undefined) throw new Error(`no form: ${page.body}`);
    const [, action = '', inside = ''] = form;
    const hidden = [...inside.matchAll(/name="([^"]+)" value="([^"]*)"/g)];
    const own = Object.fromEntries(hidden.map(([, name = '', value = '']) => [name, unescape(value)]));
    return this.send(new URL(action, page.url).href, { ...own, ...fields });
  }

  async #follow(url: string, method: 'GET' | 'POST', form: string): Promise<Seen> {
    let seen = await this.#ask(new URL(url), method, form);
    for (let step = 1; ; step += 1) {
      const refresh = /http-equiv="refresh" content="0;url=([^"]+)"/.exec(seen.body)?.[1];
      const isRedirection = seen.status === 303 || seen.status === 308;
      const to = isRedirection ? seen.header('Location') : refresh && unescape(refresh);
      if (to === undefined || to === '') return seen;
      if (!isRedirection) step = 0;
      if (step > 20) throw new Error(`too many redirections: ${this.way.join('\n')}`);
      seen = await this.#ask(new URL(to, seen.url), 'GET', '');
    }
  }

  async #ask(url: URL, method: 'GET' | 'POST', form: string): Promise<Seen> {
    this.way.push(url.href);
    const on = url.hostname === domain ? 'gateway' : 'environments';
    const endpoint = this.#setting.endpoints.find((each) => each.on === on && each.path === url.pathname);
    if (endpoint === undefined) return this.#keep(url, this.#atTheDoor(url));
    const post = { origin: loginOrigin, contentType: 'application/x-www-form-urlencoded' };
    const call = endpointCall({
      method,
      host: url.hostname,
      path: url.pathname + url.search,
      body: Buffer.from(form),
      address: this.address,
      headers: {
        cookie: this.cookieOf(url.hostname),
        accept: 'text/html',
        ...(method === 'POST' ? post : {}),
        ...this.headers,
      },
    });
    return this.#keep(url, seenOf(url, await endpoint.answer(call)));
  }

  /** What the host of a preview does with a navigation. */
  #atTheDoor(url: URL): Seen {
    const label = url.hostname.slice(0, -domain.length - 1);
    const place = this.#setting.context.places.placeOf(label) ?? nowhere(label);
    const decision = this.#setting.doorkeeper.decide({
      ...{ place, host: url.hostname, method: 'GET', path: url.pathname + url.search, address: this.address },
      ...{ cookie: this.cookieOf(url.hostname), authorization: undefined },
      ...{ shareHeader: undefined, tokenHeader: undefined, navigation: true, upgrade: false },
      context: {
        ...{ origin: undefined, referer: undefined, corsMethod: undefined, corsHeaders: undefined },
        ...{ secFetchSite: 'none', secFetchMode: 'navigate' },
        secFetchDest: this.headers.secFetchDest ?? 'document',
      },
    });
    const to = decision.kind === 'allow' ? decision.detour : decision;
    if (to !== undefined && 'location' in to)
      return seen(url, 303, [
        'Location',
        to.location,
        ...to.setCookies.flatMap((cookie) => ['Set-Cookie', cookie]),
      ]);
    return seen(url, decision.kind === 'allow' ? 200 : 404, [], `the app says ${decision.kind}`);
  }

  cookieOf(host: string): string | undefined {
    const cookies = [...(this.jar.get(host) ?? [])].map(([name, value]) => `${name}=${value}`);
    return cookies.length === 0 ? undefined : cookies.join('; ');
  }

  #keep(url: URL, answer: Seen): Seen {
    const own = this.jar.get(url.hostname) ?? new Map<string, string>();
    this.jar.set(url.hostname, own);
    for (const cookie of answer.all('Set-Cookie')) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (/Max-Age=0\b/.test(cookie)) own.delete(name);
      else own.set(name, value);
    }
    return answer;
  }
}

function seenOf(url: URL, answer: EndpointAnswer): Seen {
  switch (answer.kind) {
    case 'json':
      return seen(url, 200, [], JSON.stringify(answer.value));
    case 'answer': {
      const { status, headers, body } = answer.answer;
      return seen(url, status, headers, body.toString());
    }
    case 'failure': {
      const { code, headers = [], ...told } = answer;
      return seen(url, errorTable[code].status, ['Porthole-Error', code, ...headers], JSON.stringify(told));
    }
  }
}

function seen(url: URL, status: number, headers: readonly string[], body = ''): Seen {
  const all = (wanted: string): string[] =>
    headers.filter((_value, at) => at % 2 === 1 && headers[at - 1]?.toLowerCase() === wanted.toLowerCase());
  const header = (name: string): string | undefined => all(name)[0];
  return { url: url.href, status, code: header('Porthole-Error'), body, all, header };
}

function unescape(text: string): string {
  return text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
}
