import type { Connection } from 'ssh2';
import { fingerprint } from '../../core/fingerprint.ts';
import type { Access } from '../../core/forward.ts';
import type { Log } from '../../core/log.ts';
import { isCertificateType } from '../../core/ssh-certificate.ts';
import type { Admissions, OfferedKey } from '../identity/admission.ts';
import type { Identity } from '../identity/identity.ts';
import { plainKeyOf } from '../identity/plain-key.ts';
import type { SecurityKeys } from '../identity/security-key.ts';
import { internalsOf } from '../../core/ssh2-protocol.ts';
import { accessOf } from './access-limit.ts';
import { authenticate } from './authentication.ts';
import { sendBanner } from './banner.ts';
import { bannerText } from './banner-text.ts';
import type { PublicUrls } from './commands.ts';
import type { RouteTable } from './forwarding.ts';
import type { LoginAttempt } from './login-outcome.ts';
import { printable, type Refusals } from './refusals.ts';

/** Who has proven to be there, and which environment it dials in for. */
export interface Login {
  readonly identity: Identity;
  /** The user name as sent. */
  readonly user: string;
  readonly env: string;
  readonly key: OfferedKey;
  /** The signature counter of a FIDO key. */
  readonly counter?: number;
}

export interface LoginOptions {
  readonly admissions: Admissions;
  readonly securityKeys: SecurityKeys;
  /** The environment name that a user name stands for. */
  readonly envNameOf: (identity: Identity, user: string) => string;
  readonly routes: RouteTable;
  readonly urls: () => PublicUrls;
  readonly refusals: Refusals;
  readonly defaultAccess: Access;
  /** The most open that a forward may ask for, whatever its key. */
  readonly widestAccess: Access;
  /** Whom to ask about a name that is refused. */
  readonly contact: string;
  readonly maxAuthTries: number;
  readonly metrics: { authenticated(result: 'ok' | 'refused' | 'too-many-tries'): void };
  readonly log: Log;
}

export interface LoginEvents {
  /** The login will succeed with the next packet. */
  readonly onLogin: (login: Login) => void;
  /** The connection must end, with a word to its user. */
  readonly onFailed: (reason: string) => void;
  /** The connection must end at once. */
  readonly onFlood: () => void;
}

/** Answers that may wait for a peer which has not logged in. */
const maxUnsentBytes = 256 * 1024;
/** Keys that were tried in vain and are told in the audit. */
const maxNotedKeys = 8;
/** What is kept of the user name that was tried, which may be as long as a packet. */
const maxNotedUserLength = 256;

/** Login on one connection: admits its key, and tells its user where the environment will be, or why not. */
export class LoginDialogue {
  readonly #connection: Connection;
  readonly #remoteAddress: string;
  readonly #options: LoginOptions;
  readonly #events: LoginEvents;
  readonly #explained = new Set<string>();
  #attempt: LoginAttempt | undefined;

  constructor(
    peer: { connection: Connection; remoteAddress: string },
    options: LoginOptions,
    events: LoginEvents,
  ) {
    this.#connection = peer.connection;
    this.#remoteAddress = peer.remoteAddress;
    this.#options = options;
    this.#events = events;
    this.#boundAnswers();
    authenticate(peer.connection, {
      admissions: options.admissions,
      securityKeys: options.securityKeys,
      remoteAddress: peer.remoteAddress,
      maxTries: options.maxAuthTries,
      onAdmitted: (proven) => {
        this.#admitted({ ...proven, env: options.envNameOf(proven.identity, proven.user) });
      },
      onRefused: (reason, key, user) => {
        this.#refused(reason, key, user);
      },
      onTooManyTries: () => {
        this.#tooManyTries();
      },
    });
  }

  /** What was refused so far. */
  get failedAttempt(): LoginAttempt | undefined {
    return this.#attempt;
  }

  /** ssh2 answers whatever is asked before the login too, read or not. */
  #boundAnswers(): void {
    const { protocol, socket } = internalsOf(this.#connection);
    protocol._onPacket = () => {
      if (socket.writableLength > maxUnsentBytes) this.#events.onFlood();
    };
  }

  #admitted(login: Login): void {
    this.#options.metrics.authenticated('ok');
    this.#events.onLogin(login);
    try {
      const text = this.#welcome(login);
      if (text !== '') sendBanner(this.#connection, text);
    } catch (err) {
      this.#options.log.error({ err, env: login.env }, 'the banner could not be made');
    }
  }

  #refused(reason: string, key: OfferedKey | undefined, user: string): void {
    const { metrics, log } = this.#options;
    metrics.authenticated('refused');
    const facts = {
      remote: this.#remoteAddress,
      user: printable(user),
      keyType: key && printable(key.type),
      reason,
    };
    log.info(facts, 'login refused');
    this.#note(reason, key, user);
    if (key !== undefined) this.#explain(reason, key);
  }

  #note(reason: string, key: OfferedKey | undefined, user: string): void {
    const { fingerprints = [], tries = 0 } = this.#attempt ?? {};
    const tried = key === undefined ? fingerprints : [...fingerprints, fingerprintOf(key)];
    this.#attempt = {
      user: user.slice(0, maxNotedUserLength),
      reason,
      tries: tries + 1,
      fingerprints: [...new Set(tried)].slice(0, maxNotedKeys),
    };
  }

  /** Once for each connection, and once more for a certificate, which ssh offers after its key: clients try every key that they have. */
  #explain(reason: string, key: OfferedKey): void {
    const isCertificate = isCertificateType(key.type);
    const what = isCertificate ? 'certificate' : 'key';
    if (this.#explained.has(what)) return;
    this.#explained.add(what);
    const refused = isCertificate ? what : `${printable(key.type)} ${what}`;
    sendBanner(this.#connection, `porthole: ${refused} refused: ${reason}\n`);
  }

  #tooManyTries(): void {
    this.#options.metrics.authenticated('too-many-tries');
    this.#events.onFailed('too many keys were tried: name the right one with -i FILE -o IdentitiesOnly=yes');
  }

  #welcome({ identity, env }: Login): string {
    const { refusals, urls, routes, contact } = this.#options;
    const told = refusals.take(userKey({ identity, env }));
    const defaultAccess = accessOf({}, identity, this.#options);
    return bannerText({ env, identity, routes, urls: urls(), defaultAccess, contact, refusals: told });
  }
}

/** Of the key itself, also when it comes in a certificate. */
function fingerprintOf(key: OfferedKey): string {
  return fingerprint(plainKeyOf(key).blob);
}

/** Whom refusals are remembered for. */
export function userKey({ identity, env }: Pick<Login, 'identity' | 'env'>): string {
  return `${identity.fingerprint} ${env}`;
}
