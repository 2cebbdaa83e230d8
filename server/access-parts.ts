import type { Log } from '../core/log.ts';
import { AccountIdentities } from './access/account-identities.ts';
import { AccountKeys } from './access/account-keys.ts';
import { ApiTokens, longestApiTokenMs } from './access/api-tokens.ts';
import { AttemptLimits } from './access/attempt-limits.ts';
import type { Doorkeeper } from './access/decision.ts';
import { AccessDoorkeeper } from './access/doorkeeper.ts';
import type { Grants } from './access/grant-record.ts';
import type { HandOverCode } from './access/hand-over-code.ts';
import { LoginLinks } from './access/login-links.ts';
import type { MachineKeys } from './access/machine-tokens.ts';
import { OneTimeCodes } from './access/one-time-codes.ts';
import { mayCall, type OriginRules } from './access/origins.ts';
import type { PeopleRules } from './access/people-rules.ts';
import { RegistryPlaces, type Places, type PlaceSource } from './access/places.ts';
import { AuthorizationProofs } from './access/proofs.ts';
import type { Sealer } from './access/seal.ts';
import { SealingKeys } from './access/sealing-keys.ts';
import type { Sessions } from './access/session-record.ts';
import { SessionSweep } from './access/session-sweep.ts';
import type { Viewers } from './access/viewer.ts';
import { AccountViewers } from './access/viewers.ts';
import type { CertificateParts } from './certificate-parts.ts';
import type { Config } from './config/keys.ts';
import type { KeyFile } from './identity/key-file.ts';
import type { LoginOrigin } from './login-origin.ts';
import type { Stores } from './store/stores.ts';

/** All that decides who may visit, and that takes part in letting somebody in. */
export interface AccessParts {
  readonly doorkeeper: Doorkeeper;
  readonly sealer: Sealer;
  /** From the login pages to the hosts of environments; they are good for a minute. */
  readonly codes: OneTimeCodes<HandOverCode>;
  readonly loginLinks: LoginLinks;
  readonly apiTokens: ApiTokens;
  /** Whom the keys of accounts authenticate now. */
  readonly identities: AccountIdentities;
  readonly viewers: Viewers;
  readonly places: Places;
  /** One for every secret that somebody may try. */
  readonly attempts: AttemptLimits;
  readonly sessions: Sessions;
  readonly grants: Grants;
  /** What the MACs of links and tokens are made with. */
  readonly grantKey: Buffer;
  /** `https://preview.example.com`, with its port where that is not the protocol's own: where the login pages are. */
  readonly loginOrigin: string;
  readonly loginHost: string;
  readonly log: Log;
  /** Whether pages of this origin may read what is answered on hosts of this environment. */
  mayRead(origin: string, env: string): boolean;
  /** From now on this process is the one that replaces keys and ends what is over. */
  start(): void;
  /** It is a successor's to do now. What goes on here is decided as before. Idempotent. */
  release(): void;
  /** Idempotent. */
  close(): void;
}

export interface AccessBase {
  readonly stateDir: string;
  readonly stores: Pick<Stores, 'keys' | 'certificates' | 'sessions' | 'grants' | 'audit'>;
  readonly keyFile: KeyFile | undefined;
  readonly certificateParts: Pick<CertificateParts, 'authorities' | 'own' | 'revoked'>;
  readonly people: PeopleRules;
  readonly registry: PlaceSource;
  /** Of the tunnels that live. */
  readonly machines: MachineKeys;
  readonly grantKey: Buffer;
  readonly login: LoginOrigin;
  readonly publicAddress: OriginRules['publicAddress'];
  readonly log: Log;
}

type AccessConfig = Pick<
  Config,
  | 'domain'
  | 'allowedOrigins'
  | 'embedOrigins'
  | 'visitorNetworks'
  | 'sessionTtlMs'
  | 'sessionKeyRotationMs'
  | 'shareTtlMs'
>;

const codeTtlMs = 60_000;
const maxCodes = 100_000;
/** A browser that is sent through many hosts at once, in several tabs. */
const maxCodesPerPass = 200;

/** Opens the keys, and makes the rest. Rejects with `ERR_STATE_DIR`, and leaves nothing open. */
export async function openAccessParts(config: AccessConfig, base: AccessBase): Promise<AccessParts> {
  const { stores, registry, grantKey, login, log } = base;
  const { sessions, grants } = stores;
  const sealer = await SealingKeys.open({
    stateDir: base.stateDir,
    rotationMs: config.sessionKeyRotationMs,
    // What is sealed may be good for as long as any of these.
    keepMs: Math.max(config.sessionTtlMs, config.shareTtlMs, longestApiTokenMs),
    log,
  });
  const keys = accountKeys(base);
  const viewers = new AccountViewers({ keys, people: base.people });
  const attempts = makeAttempts(base);
  const places = new RegistryPlaces(registry, config);
  const origins = { ...config, publicAddress: base.publicAddress };
  const shared = { sessions, grants, viewers, sealer, attempts, places };
  const sweep = new SessionSweep({ sessions, grants, viewers, log });
  const release = (): void => {
    sealer.stopRotating();
    sweep.stop();
  };
  return {
    ...shared,
    doorkeeper: makeDoorkeeper(config, { ...base, ...shared, origins }),
    codes: new OneTimeCodes({
      ttlMs: codeTtlMs,
      max: maxCodes,
      holderOf: ({ pass }) => `${pass.kind} ${pass.id}`,
      maxPerHolder: maxCodesPerPass,
    }),
    loginLinks: new LoginLinks({ loginOrigin: login.origin }),
    apiTokens: new ApiTokens({ sealer, host: login.host }),
    identities: new AccountIdentities({ keys }),
    grantKey,
    loginOrigin: login.origin,
    loginHost: login.host,
    log,
    mayRead: (origin, env) => mayCall(origin, env, origins),
    start: () => {
      sealer.startRotating();
      sweep.start();
    },
    release,
    close: () => {
      release();
      sealer.close();
    },
  };
}

function accountKeys({ stores, keyFile, certificateParts }: AccessBase): AccountKeys {
  const { authorities, own, revoked } = certificateParts;
  return new AccountKeys({
    stored: stores.keys,
    file: keyFile,
    revoked,
    authorities,
    own,
    issued: stores.certificates,
  });
}

function makeAttempts({ stores: { audit }, log }: AccessBase): AttemptLimits {
  return new AttemptLimits({
    onBlocked: ({ source, target, forMs }) => {
      const at = Date.now();
      const until = new Date(at + forMs).toISOString();
      log.warn({ source, target, until }, 'too many wrong secrets from there: the source has to wait');
      audit.record({
        ...{ at, address: source, action: 'visit.blocked', target, result: 'refused' },
        detail: { until },
      });
    },
  });
}

function makeDoorkeeper(
  config: AccessConfig,
  parts: AccessBase &
    Pick<AccessParts, 'sessions' | 'grants' | 'viewers' | 'sealer' | 'attempts' | 'places'> & {
      readonly origins: OriginRules;
    },
): Doorkeeper {
  const { sessions, grants, viewers, sealer, attempts, places, machines, origins, grantKey, login } = parts;
  const { domain, visitorNetworks, sessionTtlMs } = config;
  return new AccessDoorkeeper({
    ...origins,
    ...{ sessions, grants, viewers, sealer, attempts, places, visitorNetworks, sessionTtlMs },
    proofs: new AuthorizationProofs({ grants, machines, attempts, audit: parts.stores.audit, domain }),
    shareKey: grantKey,
    loginOrigin: login.origin,
    now: Date.now,
  });
}
