import { readFile } from 'node:fs/promises';
import type { ParsedKey } from 'ssh2';
import { fingerprint } from '../core/fingerprint.ts';
import type { Parsed } from '../core/parsed.ts';
import { problem } from '../core/parsed.ts';
import {
  describeMoment,
  isCertificateType,
  parseCertificate,
  parseCertificateLine,
  timeliness,
  type SshCertificate,
} from '../core/ssh-certificate.ts';
import { WireReader, wireString, wireText } from '../core/ssh-wire.ts';
import { listAgentEntries, signWithAgent } from './agent-requests.ts';
import type { Identity } from './identity.ts';
import { PresentedKeyAgent } from './presented-key.ts';

/** Where certificates for the keys may lie, looked at before each login: they are renewed more often than programs are started. */
export interface CertificateSources {
  /** Files of which each may be there or not, such as `~/.ssh/id_ed25519-cert.pub`. */
  readonly files: readonly string[];
  readonly agentSocket: string | undefined;
  /** Of the agent's, only those for the plain keys: a key was named. */
  readonly forTheseKeys: boolean;
}

const inAgent = 'a certificate in the SSH agent';

type Certificate = SshCertificate & { readonly blob: Buffer };
type Sign = (data: Buffer) => Promise<Buffer>;

/** The keys to offer: certificates that are valid now before the plain keys, as ssh does it. */
export async function withCertificates(
  identities: readonly Identity[],
  { files, agentSocket, forTheseKeys }: CertificateSources,
  now: number,
): Promise<readonly Identity[]> {
  const keys = identities.filter(({ source }) => source !== inAgent);
  const found = [
    ...(await agentCertificates(agentSocket)).filter(
      ({ identity: { fingerprint: print } }) =>
        !forTheseKeys || keys.some((key) => key.fingerprint === print),
    ),
    ...(await fileCertificates(files, keys)),
  ];
  const notes = new Map(
    found.flatMap(({ certificate, identity }) => {
      const note = timeNote(certificate, identity.source, now);
      return note === undefined ? [] : [[identity.fingerprint, note] as const];
    }),
  );
  const valid = found.filter(({ certificate }) => timeliness(certificate, now) === 'valid');
  return [...distinct(valid), ...keys.map((key) => withNote(key, notes.get(key.fingerprint)))];
}

/** A key together with a certificate for it, given as the line of a `-cert.pub` file. */
export function identityWithCertificate(key: Identity, line: string): Parsed<Identity> {
  const parsed = parseCertificateLine(line);
  if (!parsed.ok) return parsed;
  if (fingerprint(parsed.value.subject.blob) !== key.fingerprint)
    return problem('the certificate is for another key');
  return { ok: true, value: certified(key, parsed.value, `${key.source} with a certificate`) };
}

interface Found {
  readonly certificate: Certificate;
  readonly identity: Identity;
}

async function agentCertificates(socketPath: string | undefined): Promise<readonly Found[]> {
  if (socketPath === undefined || socketPath === '') return [];
  const entries = await listAgentEntries(socketPath);
  return entries.flatMap(({ blob }) => {
    if (!isCertificateType(wireText(new WireReader(blob).string()) ?? '')) return [];
    const parsed = parseCertificate(blob);
    if (!parsed.ok || parsed.value.use !== 'user') return [];
    const certificate = { ...parsed.value, blob };
    const sign: Sign = (data) => signWithAgent(socketPath, blob, data);
    return [{ certificate, identity: presented(certificate, inAgent, sign) }];
  });
}

async function fileCertificates(
  files: readonly string[],
  keys: readonly Identity[],
): Promise<readonly Found[]> {
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  return texts.flatMap((text, index) => {
    // What is there and is no certificate is not ours to complain about: ssh passes over it too.
    const parsed = parseCertificateLine(text);
    if (!parsed.ok || parsed.value.use !== 'user') return [];
    const print = fingerprint(parsed.value.subject.blob);
    const key = keys.find((identity) => identity.fingerprint === print && identity.isCertificate !== true);
    if (key === undefined) return [];
    return [{ certificate: parsed.value, identity: certified(key, parsed.value, files[index] ?? '') }];
  });
}

function certified(key: Identity, certificate: Certificate, source: string): Identity {
  return presented(certificate, source, (data) => signWithKey(key, certificate.subject.type, data));
}

function presented(certificate: Certificate, source: string, sign: Sign): Identity {
  const { type, blob, subject } = certificate;
  // An RSA key signs with SHA-2, and the request says so.
  const algorithm = type.replace(/^ssh-rsa/, 'rsa-sha2-512');
  return {
    source,
    fingerprint: fingerprint(subject.blob),
    isCertificate: true,
    signer: { type: 'agent', agent: new PresentedKeyAgent({ algorithm, blob, sign }) },
  };
}

function timeNote(certificate: Certificate, source: string, now: number): string | undefined {
  switch (timeliness(certificate, now)) {
    case 'valid':
      return undefined;
    case 'not-yet':
      return `${source} was left out: it is not valid before ${describeMoment(certificate.validAfter)}`;
    case 'expired':
      return `${source} was left out: it expired at ${describeMoment(certificate.validBefore)}`;
  }
}

function withNote(key: Identity, note: string | undefined): Identity {
  return note === undefined ? key : { ...key, advice: [note, key.advice].filter(Boolean).join('; ') };
}

/** One that lies in a file is often in the agent too. */
function distinct(found: readonly Found[]): readonly Identity[] {
  const byBlob = new Map(found.map((each) => [each.certificate.blob.toString('base64'), each.identity]));
  return [...byBlob.values()];
}

// --- signatures --------------------------------------------------------------------------------------------------------

/** By a key whose private half ssh2 or the agent has, with the algorithm's name before it. */
async function signWithKey({ signer }: Identity, keyType: string, data: Buffer): Promise<Buffer> {
  if (signer.type === 'agent' && signer.agent instanceof PresentedKeyAgent)
    return signer.agent.signWhole(data);
  const algorithm = keyType === 'ssh-rsa' ? 'rsa-sha2-512' : keyType;
  const bare =
    signer.type === 'publickey'
      ? signWithParsed(signer.key, keyType, data)
      : await signWithSingleKey(signer.agent, data);
  return Buffer.concat([wireString(algorithm), wireString(bare)]);
}

function signWithParsed(key: ParsedKey, keyType: string, data: Buffer): Buffer {
  const signature: unknown = key.sign(data, keyType === 'ssh-rsa' ? 'sha512' : undefined);
  if (!Buffer.isBuffer(signature)) throw signature instanceof Error ? signature : new Error('no signature');
  return keyType.startsWith('ecdsa-') ? numbersOfDer(signature) : signature;
}

function signWithSingleKey(
  agent: Extract<Identity['signer'], { type: 'agent' }>['agent'],
  data: Buffer,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    agent.getIdentities((error, keys) => {
      const [key] = keys ?? [];
      if (error || key === undefined) {
        reject(new Error('the SSH agent has the key no more', { cause: error }));
        return;
      }
      agent.sign(key as ParsedKey, data, { hash: 'sha512' }, (failure, signature) => {
        if (failure || signature === undefined) reject(failure ?? new Error('the SSH agent did not sign'));
        else resolve(signature);
      });
    });
  });
}

/** An ECDSA signature as SSH has it (RFC 5656, section 3.1.2): the two numbers that DER wraps up. */
function numbersOfDer(der: Buffer): Buffer {
  const isLong = (der[1] ?? 0) > 0x80;
  const first = derInteger(der, isLong ? 3 : 2);
  return Buffer.concat([wireString(first.bytes), wireString(derInteger(der, first.end).bytes)]);
}

function derInteger(der: Buffer, at: number): { bytes: Buffer; end: number } {
  const end = at + 2 + (der[at + 1] ?? 0);
  return { bytes: der.subarray(at + 2, end), end };
}
