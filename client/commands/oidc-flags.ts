import { type Command, Option } from 'commander';
import { defaultVariable } from '../oidc/ci-token.ts';
import { findJobAccess, type Obtain, type OidcFlags } from '../oidc/job-access.ts';
import { JobCredential } from '../oidc/job-credential.ts';
import { makeJobKey } from '../oidc/job-key.ts';
import type { GatewayAccess } from '../login.ts';
import type { CredentialEvent } from '../report.ts';
import type { Surroundings } from '../surroundings.ts';
import { type GatewayFlags, gatewayPlace, type Resolved } from './gateway-flags.ts';

export function addOidcFlags(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--oidc',
        "log in with this CI job's ID token (GitHub Actions, GitLab CI) and a key made for it, instead of a key that is known",
      ).conflicts(['identity', 'certificate']),
    )
    .option(
      '--oidc-token-env <name>',
      `the variable that holds the token (default: ${defaultVariable}, else GitHub is asked)`,
    )
    .option('--oidc-token-file <file>', 'the file that holds the token')
    .option(
      '--oidc-audience <audience>',
      "whom the token is for, where the gateway's policy says so (default: the address of --server)",
    );
}

/** Logs in with certificates for a key that lives as long as this process. */
export function jobAccess(
  flags: GatewayFlags & OidcFlags,
  user: string,
  around: Surroundings,
  onEvent: (event: CredentialEvent) => void,
): Resolved<GatewayAccess> {
  const place = gatewayPlace(flags, user, around);
  if (!place.ok) return place;
  const obtain = jobObtain(flags, place.value, around);
  if (!obtain.ok) return obtain;
  const key = makeJobKey();
  const credential = new JobCredential({
    key,
    obtain: (signal) => obtain.value(key.publicLine, signal),
    onEvent,
  });
  const access: GatewayAccess = {
    ...place.value,
    credential,
    // They change: read at each login.
    get identities() {
      return credential.identities;
    },
  };
  return { ok: true, value: access };
}

/** How this job gets certificates. What it lacks for that is a lack of authority, but for the wrong kind of address. */
export function jobObtain(
  flags: OidcFlags,
  place: Pick<GatewayAccess, 'server' | 'trust'>,
  around: Pick<Surroundings, 'env'>,
): Resolved<Obtain> {
  const obtain = findJobAccess(flags, place, around.env);
  if (obtain.ok) return obtain;
  const kind = place.server.transport === 'tls' ? 'refused' : 'usage';
  return { ok: false, outcome: { kind, reason: obtain.problem } };
}
