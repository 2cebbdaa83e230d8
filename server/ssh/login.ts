import type { Connection } from 'ssh2';
import type { Access } from '../../core/forward.ts';
import type { Log } from '../../core/log.ts';
import type { Admissions, OfferedKey } from '../identity/admission.ts';
import type { Identity } from '../identity/identity.ts';
import { internalsOf } from '../../core/ssh2-protocol.ts';
import { authenticate } from './authentication.ts';
import { sendBanner } from './banner.ts';
import { bannerText } from './banner-text.ts';
import type { PublicUrls } from './commands.ts';
import type { RouteTable } from './forwarding.ts';
import { printable, type Refusals } from './refusals.ts';

/** Who has proven to be there, and which environment it dials in for. */
export interface Login {
  readonly identity: Identity;
  readonly env: string;
  readonly key: OfferedKey;
}

export interface LoginOptions {
  readonly admissions: Admissions;
  /** The environment name that a user name stands for. */
  readonly envNameOf: (identity: Identity, user: string) => string;
  readonly routes: RouteTable;
  readonly urls: () => PublicUrls;
  readonly refusals: Refusals;
  readonly defaultAccess: Access;
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

/** Login on one connection: admits its key, and tells its user where the environment will be, or why not. */
export class LoginDialogue {
  readonly #connection: Connection;
  readonly #remoteAddress: string;
  readonly #options: LoginOptions;
  readonly #events: LoginEvents;
  #explained = false;

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
      remoteAddress: peer.remoteAddress,
      maxTries: options.maxAuthTries,
      onAdmitted: (identity, user, key) => {
        this.#admitted({ identity, key, env: options.envNameOf(identity, user) });
      },
      onRefused: (reason, key, user) => {
        this.#refused(reason, key, user);
      },
      onTooManyTries: () => {
        this.#tooManyTries();
      },
    });
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
      sendBanner(this.#connection, this.#welcome(login));
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
    if (key !== undefined) this.#explain(reason, key);
  }

  /** Once for each connection: clients try every key that they have. */
  #explain(reason: string, key: OfferedKey): void {
    if (this.#explained) return;
    this.#explained = true;
    sendBanner(this.#connection, `porthole: ${printable(key.type)} key refused: ${reason}\n`);
  }

  #tooManyTries(): void {
    this.#options.metrics.authenticated('too-many-tries');
    this.#events.onFailed('too many keys were tried: name the right one with -i FILE -o IdentitiesOnly=yes');
  }

  #welcome({ identity, env }: Login): string {
    const { refusals, urls, routes, defaultAccess } = this.#options;
    const told = refusals.take(userKey({ identity, env }));
    return bannerText({ env, identity, routes, urls: urls(), defaultAccess, refusals: told });
  }
}

/** Whom refusals are remembered for. */
export function userKey({ identity, env }: Pick<Login, 'identity' | 'env'>): string {
  return `${identity.fingerprint} ${env}`;
}
