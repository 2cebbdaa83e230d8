import type { CommandConnection } from './admin/answer.ts';
import type { GateServices } from './admin/gate-services.ts';
import type { GateParts } from './gate-parts.ts';
import type { KeyRecord } from './identity/key-record.ts';
import { knownPrincipals } from './admin/principals.ts';
import type { AdministrationParts } from './administration.ts';
import { MachineAuthority } from './identity/machine-authority.ts';
import type { TargetCertServices } from './admin/target-cert-command.ts';
import { TargetCertificates } from './targets/target-certificates.ts';
import type { PresentTunnel } from './targets/presence.ts';
import type { TargetRecord } from './targets/target-record.ts';
import type { Forward } from './tunnel/forward.ts';

/** A live connection, as it may be that of a machine which reports itself. */
export interface ReportingTunnel {
  readonly id: string;
  readonly owner: string;
  readonly remoteAddress: string;
  readonly live: boolean;
  readonly forwards: readonly Forward[];
  readonly closed: Promise<string>;
}

/** What the commands need that are about machines, gates, grants and who is in. */
export function gateServices(parts: AdministrationParts, fileKeys: () => readonly KeyRecord[]): GateServices {
  const { stores, registry, envNameOf, hostKey, gate, address, tunnels } = parts;
  const { book, presence, reach, reports, jumps } = gate;
  return {
    ...{ book, reach, reports, jumps, environments: registry, envNameOf },
    keys: stores.keys,
    audit: stores.audit,
    fileKeys,
    principals: knownPrincipals({ keys: stores.keys, fileKeys, owners: () => registry.views() }),
    isOnline: (target) => isOnline(target, presence, registry),
    reportedTunnel: (connection, owner) => reportedTunnel(tunnels(), connection, owner),
    gateway: () => ({ ...address(), hostKey: hostKey.publicKey }),
  };
}

/** What the commands need that are about certificates for machines. */
export function targetCertServices({
  config,
  log,
  stores,
  registry,
  gate: { book, reach },
}: AdministrationParts): TargetCertServices {
  const authority = new MachineAuthority({
    stateDir: config.stateDir,
    comment: `porthole-machines@${config.domain}`,
    log,
  });
  const certificates = new TargetCertificates({
    ...{ authority, reach, book, audit: stores.audit, longestMs: config.gateCertTtlMs },
    ownerOf: (env) => registry.view(env)?.owner,
  });
  return { certificates, book };
}

/** Whether something leads to its SSH server: the tunnel that it reported, or of one that was added by hand, any of its owner's that said nothing else. */
function isOnline(
  { id, env, owner, origin }: TargetRecord,
  presence: Pick<GateParts['presence'], 'isLive' | 'targetOf'>,
  registry: { forwardsOf(env: string): readonly Forward[] },
): boolean {
  if (presence.isLive(id)) return true;
  if (origin === 'reported') return false;
  return registry
    .forwardsOf(env)
    .some(
      (forward) =>
        forward.owner === owner && offersSsh(forward) && presence.targetOf(forward.tunnelId) === undefined,
    );
}

/**
 * The tunnel that leads to a machine which reports itself: the connection that the report came by, where that offers the SSH server. Stock ssh reports
 * by a second connection: then it is the owner's newest that does, from the same address if there is one.
 */
export function reportedTunnel(
  tunnels: readonly ReportingTunnel[],
  { env, tunnelId }: CommandConnection,
  owner: string,
): PresentTunnel | undefined {
  const offering = tunnels.filter(
    (tunnel) =>
      tunnel.owner === owner &&
      tunnel.live &&
      tunnel.forwards.some((forward) => forward.route.env === env && offersSsh(forward)),
  );
  const own = tunnels.find(({ id }) => id === tunnelId);
  const near = offering.filter(({ remoteAddress }) => remoteAddress === own?.remoteAddress);
  const found = offering.find(({ id }) => id === tunnelId) ?? near.at(-1) ?? offering.at(-1);
  return found && present(found, env);
}

function offersSsh({ live, route }: Forward): boolean {
  return live && route.service === 'ssh';
}

function present(tunnel: ReportingTunnel, env: string): PresentTunnel {
  return {
    id: tunnel.id,
    env,
    closed: tunnel.closed,
    get live() {
      return tunnel.live;
    },
    get forwards() {
      return tunnel.forwards;
    },
  };
}
