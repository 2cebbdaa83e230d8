import type { Socket } from 'node:net';
import ssh2 from 'ssh2';
import { fingerprint } from '../../core/fingerprint.ts';
import { clientAlgorithms } from '../algorithms.ts';
import { checkHostKey, type HostKeyPolicy, knownKeyTypes } from '../host-key.ts';
import type { GatewayAccess } from '../login.ts';
import { oneLine } from '../printable.ts';
import { formatHostPort, type ServerAddress } from '../server-url.ts';
import { dial } from '../transport.ts';
import { failed, fine, type Verdict } from './check.ts';

export interface SshFacts {
  /** The peer's first bytes, as text; empty when it said nothing. */
  readonly greeting: string;
  /** Undefined when there was none to check. */
  readonly hostKey: { readonly fingerprint: string; readonly problem: string | undefined } | undefined;
  /** What was agreed on; undefined when that was not reached. */
  readonly algorithms: { readonly kex: string; readonly cipher: string } | undefined;
  readonly reason: string | undefined;
}

const timeoutMs = 10_000;
const maxGreeting = 256;

/** The beginning of an SSH connection, up to where a login would start. */
export async function greetSsh(
  access: Omit<GatewayAccess, 'identities'>,
  signal: AbortSignal,
): Promise<SshFacts> {
  const { server, trust, hostKey } = access;
  const dialled = await dial({ server, trust, timeoutMs, signal });
  if (dialled.kind !== 'dialled')
    return { greeting: '', hostKey: undefined, algorithms: undefined, reason: dialled.reason };
  return exchangeKeys(dialled.socket, hostKey);
}

function exchangeKeys(socket: Socket, policy: HostKeyPolicy): Promise<SshFacts> {
  const client = new ssh2.Client();
  let greeting = '';
  let hostKey: SshFacts['hostKey'];
  return new Promise((resolve) => {
    const settle = (algorithms: SshFacts['algorithms'], reason?: string): void => {
      socket.destroy();
      resolve({ greeting, hostKey, algorithms, reason });
    };
    socket.on('data', (chunk: Buffer) => {
      if (greeting.length < maxGreeting) greeting += chunk.toString('latin1').slice(0, maxGreeting);
    });
    client.on('error', (error) => settle(undefined, error.message));
    client.on('close', () => settle(undefined, 'the connection was closed'));
    client.on('handshake', ({ kex, cs }) => settle({ kex, cipher: cs.cipher }));
    client.connect({
      sock: socket,
      username: 'doctor',
      readyTimeout: timeoutMs,
      algorithms: clientAlgorithms(knownKeyTypes(policy)),
      hostVerifier: (key: Buffer) => {
        const check = checkHostKey(policy, key);
        hostKey = { fingerprint: fingerprint(key), problem: check.ok ? undefined : check.problem };
        return check.ok;
      },
      // Nobody logs in.
      authHandler: [],
    });
  });
}

export function judgeSsh(facts: SshFacts, { host, port }: Pick<ServerAddress, 'host' | 'port'>): Verdict {
  const where = formatHostPort(host, port);
  const ident = /^SSH-2\.0-([\x21-\x7e]+)/m.exec(facts.greeting)?.[1];
  if (ident === undefined) return judgeStranger(facts, where);
  if (!ident.startsWith('porthole'))
    return failed(
      `${where} is an SSH server, but no Porthole gateway (${ident})`,
      'check the port in --server: that may be the SSH server of the machine itself',
    );
  if (facts.hostKey?.problem !== undefined)
    return failed(
      facts.hostKey.problem,
      'compare the fingerprint with the one that portholed logs when it starts ("hostKey"), and trust it only if it is the same',
    );
  if (facts.algorithms === undefined || facts.hostKey === undefined)
    return failed(
      `the SSH handshake with ${where} failed: ${oneLine(facts.reason ?? 'unknown')}`,
      'update both programs to the same version; something in between may change what is sent',
    );
  const { kex, cipher } = facts.algorithms;
  return fine(`${ident}, ${kex}, ${cipher}, host key ${facts.hostKey.fingerprint}`);
}

function judgeStranger({ greeting, reason }: SshFacts, where: string): Verdict {
  const next = 'check the port in --server; a gateway speaks SSH on each of its --listen ports';
  if (greeting.startsWith('HTTP/')) return failed(`${where} speaks HTTP, not SSH`, next);
  if (greeting !== '') return failed(`${where} speaks something else than SSH`, next);
  return failed(`${where} does not speak SSH: ${oneLine(reason ?? 'it says nothing')}`, next);
}
