import type { Parsed } from '../../core/parsed.ts';
import type { SshConnection } from '../connection.ts';
import { parseHello } from '../gateway-answers.ts';
import type { Identity } from '../identity.ts';
import { defaultLoginTimings, type GatewayAccess, logIn } from '../login.ts';
import type { Offer } from '../target.ts';
import { judgeIdentities, judgeLogin, type LoginFacts } from './authentication.ts';
import { type Check, fine } from './check.ts';
import { judgeName, judgePreviewName, resolveName } from './dns.ts';
import { judgeForward, judgeTrip, makeRoundTrip } from './round-trip.ts';
import { greetSsh, judgeSsh } from './ssh.ts';
import { targetChecks } from './targets.ts';
import { judgeTcp, tryTcp } from './tcp.ts';
import { type ForwardFacts, TemporaryService } from './temporary-service.ts';
import { judgeTls, shakeHands } from './tls.ts';

export interface ExaminationOptions {
  readonly place: Omit<GatewayAccess, 'identities'>;
  readonly identities: Parsed<readonly Identity[]>;
  /** For the public URL, also where SSH goes without TLS. */
  readonly trust: GatewayAccess['trust'];
  readonly caFile: string | undefined;
  readonly offers: readonly Offer[];
  /** More checks of this machine. */
  readonly more: readonly Check[];
  readonly signal: AbortSignal;
}

/** All checks of one gateway, in the order in which a tunnel needs what they look at. It holds what one check leaves to the next. */
export class Examination {
  readonly #options: ExaminationOptions;
  readonly #service = new TemporaryService();
  #addresses: readonly string[] = [];
  #connection: SshConnection | undefined;
  #forward: (ForwardFacts & { kind: 'open' }) | undefined;

  constructor(options: ExaminationOptions) {
    this.#options = options;
  }

  get checks(): readonly Check[] {
    const { place, trust, signal, offers, more } = this.#options;
    const { server } = place;
    return [
      { name: 'dns', needs: [], run: () => this.#dns() },
      { name: 'tcp', needs: ['dns'], run: async () => judgeTcp(server, await tryTcp(server)) },
      { name: 'tls', needs: ['tcp'], run: () => this.#tls() },
      { name: 'ssh', needs: ['tls'], run: async () => judgeSsh(await greetSsh(place, signal), server) },
      { name: 'keys', needs: [], run: () => Promise.resolve(judgeIdentities(this.#options.identities)) },
      { name: 'login', needs: ['ssh', 'keys'], run: () => this.#login() },
      { name: 'forward', needs: ['login'], run: () => this.#offer() },
      { name: 'url-dns', needs: ['forward'], run: () => this.#urlDns() },
      {
        name: 'url',
        needs: ['url-dns'],
        run: async () =>
          judgeTrip(await makeRoundTrip(this.#opened, { nonce: this.#service.nonce, trust, signal })),
      },
      ...targetChecks(offers),
      ...more,
    ];
  }

  /** Takes away what the checks have left. */
  async close(): Promise<void> {
    if (this.#connection === undefined) return;
    if (this.#forward !== undefined) await this.#service.withdraw(this.#connection);
    await this.#connection.close();
  }

  async #dns(): ReturnType<Check['run']> {
    const { host } = this.#options.place.server;
    const facts = await resolveName(host);
    if (facts.kind === 'addresses') this.#addresses = facts.addresses;
    return judgeName(host, facts);
  }

  async #tls(): ReturnType<Check['run']> {
    const { place, caFile } = this.#options;
    const { server, trust } = place;
    if (server.transport === 'tcp') return fine('not used: the server is ssh://');
    return judgeTls(await shakeHands(server, trust), { server, caFile, nowMs: Date.now() });
  }

  async #login(): ReturnType<Check['run']> {
    const { place, identities, signal } = this.#options;
    const keys = identities.ok ? [...identities.value] : [];
    const opened = await logIn(
      { ...place, identities: keys },
      { timings: defaultLoginTimings, signal, onOpening: this.#service.serve },
    );
    if (opened.kind !== 'open') return judgeLogin(opened, place.user, keys);
    this.#connection = opened.connection;
    return judgeLogin(await greeted(opened.connection), place.user, keys);
  }

  async #offer(): ReturnType<Check['run']> {
    if (this.#connection === undefined) throw new Error('a forward without a login');
    const facts = await this.#service.offer(this.#connection);
    if (facts.kind === 'open') this.#forward = facts;
    return judgeForward(facts);
  }

  async #urlDns(): ReturnType<Check['run']> {
    const { hostname } = this.#opened.url;
    const gateway = { host: this.#options.place.server.host, addresses: this.#addresses };
    return judgePreviewName(hostname, await resolveName(hostname), gateway);
  }

  get #opened(): ForwardFacts & { kind: 'open' } {
    if (this.#forward === undefined) throw new Error('a round trip without a forward');
    return this.#forward;
  }
}

async function greeted(connection: SshConnection): Promise<LoginFacts> {
  const hello = await connection.run('hello');
  if (hello === undefined) return { kind: 'lost', reason: await connection.closed };
  const answer = parseHello(hello.stdout);
  return { kind: 'open', env: answer?.env, keyId: answer?.clientId };
}
