import { isExact, literalStart } from './claim-pattern.ts';

/**
 * An issuer that gives tokens to everybody in the world. A policy for it must say whose: `ref = "refs/heads/main"` alone is true of every stranger's
 * repository.
 */
export interface PublicIssuer {
  readonly name: string;
  /** Who owns the claims of an environment: the same for all branches of a repository. */
  readonly principal: string;
  /** The claims that tell whose token it is, and how much of each must be spelled out. */
  readonly owners: Readonly<Record<string, (pattern: string) => boolean>>;
}

const issuers: Readonly<Record<string, PublicIssuer>> = {
  'https://token.actions.githubusercontent.com': {
    name: 'GitHub Actions',
    principal: `github:\${repository}`,
    owners: {
      repository_id: isExact,
      repository_owner_id: isExact,
      enterprise_id: isExact,
      repository: namesOwner,
      repository_owner: isExact,
      enterprise: isExact,
      workflow_ref: namesOwner,
      sub: gitHubSubject,
    },
  },
  'https://gitlab.com': {
    name: 'GitLab CI',
    principal: `gitlab:\${project_path}`,
    owners: {
      project_id: isExact,
      namespace_id: isExact,
      project_path: namesOwner,
      namespace_path: namespaceNamesOwner,
      sub: gitLabSubject,
    },
  },
};

const enterprises = 'https://token.actions.githubusercontent.com/';

/** Who owns the claims, where a policy says nothing: a repository, where the issuer is known to tell it; else each subject for itself. */
export function defaultPrincipal(issuer: string, policy: string): string {
  // An enterprise may have an issuer of its own there.
  const known = publicIssuer(issuer.startsWith(enterprises) ? enterprises.slice(0, -1) : issuer);
  return known?.principal ?? `oidc:${policy}:\${sub}`;
}

export function publicIssuer(issuer: string): PublicIssuer | undefined {
  return Object.hasOwn(issuers, issuer) ? issuers[issuer] : undefined;
}

/** `acme/shop`, `acme/*`, but neither `*` nor `acme*`, which is `acme-evil/shop` too. */
function namesOwner(pattern: string): boolean {
  return /^[^/]+\//.test(literalStart(pattern));
}

function namespaceNamesOwner(pattern: string): boolean {
  return isExact(pattern) || namesOwner(pattern);
}

/**
 * `repo:acme/...`, `repository_owner_id:123...`: everybody may say what the subject of their own repository is made of, so that its first part must be
 * one that tells the owner.
 */
function gitHubSubject(pattern: string): boolean {
  const start = literalStart(pattern);
  if (/^(?:repo|repository):[^:/]+\//.test(start)) return true;
  const owner =
    /^(?:repository_id|repository_owner|repository_owner_id|enterprise|enterprise_id):[^:/]+(:?)/.exec(start);
  return owner !== null && (owner[1] === ':' || isExact(pattern));
}

function gitLabSubject(pattern: string): boolean {
  return /^project_path:[^:/]+\//.test(literalStart(pattern));
}
