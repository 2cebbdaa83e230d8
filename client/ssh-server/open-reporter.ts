import type { Duplex } from 'node:stream';
import type { Parsed } from '../../core/parsed.ts';
import { readAgentFacts } from '../agent-setup/agent-facts.ts';
import { connectLocal } from '../local-socket.ts';
import type { TargetEvent } from '../report.ts';
import type { Surroundings } from '../surroundings.ts';
import type { LocalTarget } from '../target.ts';
import { hostKeysInFiles, isOfThisMachine, isUsualServer, sshFolder } from './host-key-files.ts';
import { type HostKeyScan, type ScanOptions, scanHostKeys } from './host-key-scan.ts';
import { HostKeys } from './host-keys.ts';
import { KnownIds } from './known-ids.ts';
import { machineIdPath } from './machine-id.ts';
import type { SshServer } from './ssh-server-offer.ts';
import type { CertificateFacts } from './target-report.ts';
import { TargetReporter } from './target-reporter.ts';

export interface ReporterParts {
  /** The host name of the gateway. */
  readonly gateway: string;
  readonly around: Pick<Surroundings, 'env' | 'home'>;
  readonly tell: (event: TargetEvent) => void;
}

/** For each host key; a server that is being overrun answers late. */
const scanTimeoutMs = 5000;
const freshMs = 5000;
const recheckMs = 3 * 60_000;
const retry = { initialMs: 1000, maxMs: 60_000 };

/** The reports about one SSH server. */
export function openReporter(server: SshServer, { gateway, around, tell }: ReporterParts): TargetReporter {
  const { offer, id, name, osUser } = server;
  const { target } = offer;
  const isUsual = isUsualServer(target);
  const isOwn = isOfThisMachine(target);
  return new TargetReporter({
    hostKeys: new HostKeys({
      scan: (kinds) => scanLocal(target, { kinds }),
      expected: () => (isUsual ? hostKeysInFiles(sshFolder) : []),
      freshMs,
      nowMs: () => performance.now(),
    }),
    ids: new KnownIds(id, (env) => machineIdPath({ gateway, env }, around)),
    facts: (uuid) => ({ id: uuid, name, osUser, certificates: isOwn ? certificatesOf(uuid) : undefined }),
    tell,
    recheckMs,
    retry,
  });
}

/** What this machine's SSH server has been told of the gateway's certificates, if that was for this id. */
function certificatesOf(id: string): CertificateFacts | undefined {
  const facts = readAgentFacts();
  return facts?.targetId === id ? facts : undefined;
}

/** The host keys of a server that this machine reaches. */
export function scanLocal(
  target: LocalTarget,
  options: Pick<ScanOptions, 'kinds'> = {},
): Promise<HostKeyScan> {
  return scanHostKeys({ ...options, timeoutMs: scanTimeoutMs, open: () => open(target) });
}

async function open(target: LocalTarget): Promise<Parsed<Duplex>> {
  const local = await connectLocal(target, scanTimeoutMs);
  return local.kind === 'connected'
    ? { ok: true, value: local.socket }
    : { ok: false, problem: local.problem };
}
