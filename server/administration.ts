import type { Log } from '../core/log.ts';
import type { AccessParts } from './access-parts.ts';
import { grantToken } from './access/grant-token.ts';
import { hashPassword } from './access/passwords.ts';
import { Admin } from './admin/admin.ts';
import { apiPath } from './admin/api-request.ts';
import { fileKeyRecords } from './admin/file-keys.ts';
import { adminHandlers, type AdminServices } from './admin/handlers.ts';
import { knownPrincipals } from './admin/principals.ts';
import type { Config } from './config/keys.ts';
import { gateServices, targetCertServices, type ReportingTunnel } from './gate-administration.ts';
import type { GateParts } from './gate-parts.ts';
import { fetchListing } from './identity/fetch-listing.ts';
import type { Identity } from './identity/identity.ts';
import type { CertificateIssuer } from './identity/issuer.ts';
import type { KeyFile } from './identity/key-file.ts';
import { KeyImports } from './identity/key-imports.ts';
import type { KeyRecord } from './identity/key-record.ts';
import type { PublicUrls } from './routing/public-urls.ts';
import type { Registry } from './routing/registry.ts';
import type { HostKey } from './ssh/host-key.ts';
import { ImportStore } from './store/import-store.ts';
import type { Stores } from './store/stores.ts';

export interface AdministrationParts {
  readonly config: Pick<
    Config,
    | 'domain'
    | 'stateDir'
    | 'unusedKeyAfterMs'
    | 'certTtlMs'
    | 'gateCertTtlMs'
    | 'keyImportIntervalMs'
    | 'shareTtlMs'
  >;
  readonly log: Log;
  readonly stores: Stores;
  readonly registry: Registry;
  /** The operator's file, if there is one. */
  readonly keyFile: KeyFile | undefined;
  readonly issuer: CertificateIssuer;
  readonly imports: KeyImports;
  readonly hostKey: HostKey;
  /** What lets visitors in. */
  readonly access: Pick<
    AccessParts,
    'grants' | 'sessions' | 'loginLinks' | 'grantKey' | 'apiTokens' | 'loginOrigin'
  >;
  readonly urls: Pick<PublicUrls, 'urlOf'>;
  /** Whether people can log in with an address that somebody vouches for. */
  readonly hasLoginProviders: () => boolean;
  readonly envNameOf: (identity: Identity, text: string) => string;
  /** Where people dial in. */
  readonly address: () => { readonly host: string; readonly port: number };
  /** The parts of the gate. */
  readonly gate: Pick<GateParts, 'book' | 'presence' | 'reach' | 'reports' | 'jumps'>;
  /** All connections that live, the newest last. */
  readonly tunnels: () => readonly ReportingTunnel[];
  /** The tunnels that offer something under a name. */
  readonly tunnelsOf: AdminServices['env']['tunnelsOf'];
}

/** Makes the commands that manage the gateway, and gives each the parts that it needs. */
export function makeAdmin(parts: AdministrationParts): Admin {
  const { config, log, stores, issuer, imports } = parts;
  const { keys, audit } = stores;
  const fileKeys = (): readonly KeyRecord[] => fileKeyRecords(parts.keyFile?.all() ?? []);
  const handlers = adminHandlers({
    keys: keyServices(parts, fileKeys),
    imports: { imports, keys, audit, intervalMs: config.keyImportIntervalMs },
    env: envServices(parts, fileKeys),
    cert: { keys, fileKeys, issuer, certTtlMs: config.certTtlMs },
    audit: { audit },
    visit: visitServices(parts),
    gate: gateServices(parts, fileKeys),
    targetCert: targetCertServices(parts),
    apiToken: {
      apiTokens: parts.access.apiTokens,
      apiUrl: () => `${parts.access.loginOrigin}${apiPath}`,
      audit,
    },
  });
  return new Admin({ handlers, audit, log });
}

function keyServices(
  { config, stores, registry, hostKey, address }: AdministrationParts,
  fileKeys: () => readonly KeyRecord[],
): AdminServices['keys'] {
  return {
    keys: stores.keys,
    audit: stores.audit,
    fileKeys,
    unusedAfterMs: config.unusedKeyAfterMs,
    ownsEnvironments: (principal) => registry.views(principal)[Symbol.iterator]().next().done !== true,
    *envNames() {
      for (const { name } of registry.views()) yield name;
    },
    gateway: () => ({ ...address(), hostKey: hostKey.fingerprint }),
  };
}

function envServices(
  { log, stores, registry, envNameOf, tunnelsOf }: AdministrationParts,
  fileKeys: () => readonly KeyRecord[],
): AdminServices['env'] {
  return {
    environments: registry,
    memory: stores.environments,
    principals: knownPrincipals({ keys: stores.keys, fileKeys, owners: () => registry.views() }),
    envNameOf,
    tunnelsOf,
    audit: stores.audit,
    log,
  };
}

function visitServices(parts: AdministrationParts): AdminServices['visit'] {
  const { config, stores, registry, access, urls, envNameOf, hasLoginProviders } = parts;
  const { grants, sessions, loginLinks, grantKey } = access;
  return {
    environments: registry,
    envNameOf,
    audit: stores.audit,
    grants,
    sessions,
    loginLinks,
    urls,
    secretOf: (kind, id) => grantToken(grantKey, kind, id),
    hashPassword,
    hasLoginProviders,
    shareTtlMs: config.shareTtlMs,
  };
}

/** The keys of accounts elsewhere, which are fetched when somebody asks for them. */
export function makeImports({
  stores,
  keyFile,
  log,
}: Pick<AdministrationParts, 'stores' | 'keyFile' | 'log'>): KeyImports {
  return new KeyImports({
    keys: stores.keys,
    inFile: (print) => fileKeyRecords(keyFile?.all() ?? []).find(({ fingerprint }) => fingerprint === print),
    kept: new ImportStore(stores.database),
    fetch: (url, signal) => fetchListing(url, { signal }),
    log,
  });
}
