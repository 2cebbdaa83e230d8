import type { Log } from '../../core/log.ts';
import type { AttemptLimits } from '../access/attempt-limits.ts';
import type { Grants } from '../access/grant-record.ts';
import type { HandOverCode } from '../access/hand-over-code.ts';
import type { LoginLinks } from '../access/login-links.ts';
import type { OneTimeCodes } from '../access/one-time-codes.ts';
import type { Places } from '../access/places.ts';
import type { Sealer } from '../access/seal.ts';
import type { Sessions } from '../access/session-record.ts';
import type { Viewers } from '../access/viewer.ts';
import type { PublicUrls } from '../routing/public-urls.ts';
import type { AuditRecorder } from '../store/audit-entry.ts';

/** What the login pages need of the rest of the gateway. */
export interface LoginContext {
  /** Where people log in: `https://preview.example.com`, and its host. */
  readonly loginOrigin: string;
  readonly loginHost: string;
  /** The gateway's domain, which the hosts of environments are below. */
  readonly domain: string;
  readonly urls: Pick<PublicUrls, 'rootUrl' | 'authorityOf'>;
  /** Of `ssh`, for those who log in with a key. */
  readonly sshPort: number;
  readonly sessionTtlMs: number;
  /** Origins whose pages may show previews in a frame. */
  readonly embedOrigins: readonly string[];
  /** What the MACs of links and tokens are made with. */
  readonly grantKey: Uint8Array;
  readonly sealer: Sealer;
  readonly codes: OneTimeCodes<HandOverCode>;
  readonly loginLinks: Pick<LoginLinks, 'peek' | 'take'>;
  readonly places: Places;
  readonly attempts: Pick<AttemptLimits, 'check' | 'failed' | 'succeeded'>;
  readonly sessions: Sessions;
  readonly grants: Grants;
  readonly viewers: Viewers;
  readonly audit: AuditRecorder;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The providers that the login page offers, as far as it needs them. */
export interface OfferedProviders {
  list(): readonly { readonly name: string; readonly title: string }[];
}
