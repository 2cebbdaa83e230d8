import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ssh2, { type BaseAgent, type ParsedKey } from 'ssh2';
import type { Parsed } from '../core/forward.ts';
import { fingerprint } from '../core/fingerprint.ts';
import { parsePublicKey } from '../core/public-key.ts';
import { isCertificateType } from '../core/ssh-certificate.ts';
import { WireReader, wireText } from '../core/ssh-wire.ts';
import { listAgentEntries, signWithAgent } from './agent-requests.ts';
import { listAgentKeys, SingleKeyAgent } from './agent.ts';
import { type CertificateSources, withCertificates } from './certificates.ts';
import { makeOwnKey, type OwnKey, readOwnKey } from './own-key.ts';
import { PresentedKeyAgent } from './presented-key.ts';
import { parsePrivateKey } from './private-key.ts';

/** A key that the client can sign with, and where it came from. */
export interface Identity {
  readonly source: string;
  readonly fingerprint: string;
  readonly signer:
    | { readonly type: 'publickey'; readonly key: ParsedKey }
    | { readonly type: 'agent'; readonly agent: BaseAgent };
  /** What to do at the gateway when it does not know this key. */
  readonly advice?: string;
  /** It is shown with a certificate that speaks for it. */
  readonly isCertificate?: boolean;
}

export interface IdentityOptions {
  /** `--identity`: only this key is offered. */
  readonly file: string | undefined;
  /** `SSH_AUTH_SOCK`. */
  readonly agentSocket: string | undefined;
  readonly home: string;
  /** Where the client keeps a key of its own, for machines whose user has none. */
  readonly ownKeyFile: string;
  /** Called when that key was made; without it none is made. */
  readonly onKeyMade?: ((key: OwnKey) => void) | undefined;
  /** Undefined where nobody can be asked. Gives undefined when the user gives up. */
  readonly askPassphrase: ((question: string) => Promise<string | undefined>) | undefined;
}

const defaultFiles = ['id_ed25519', 'id_ecdsa', 'id_rsa'];
const passphraseTries = 3;

/**
 * The keys to offer, in order: the given one, or the agent's, those in `~/.ssh` and the client's own. A key
 * is made when there is none at all.
 */
export async function findIdentities(options: IdentityOptions): Promise<Parsed<Identity[]>> {
  const fromAgent = await agentIdentities(options.agentSocket);
  if (options.file !== undefined) return namedIdentity(options.file, fromAgent, options);
  const files = defaultFiles.map((name) => join(options.home, '.ssh', name));
  const fromFiles = await Promise.all(files.map((file) => readIdentity(file)));
  const found = distinct([
    ...fromAgent,
    ...fromFiles.flatMap((read) => (read.kind === 'identity' ? [read.identity] : [])),
  ]);
  const own = readOwnKey(options.ownKeyFile);
  if (own?.ok === true) found.push(ownIdentity(own.value));
  if (found.length > 0) return { ok: true, value: found };
  const certificates = await withCertificates([], certificateSources(options), Date.now());
  if (certificates.length > 0) return { ok: true, value: [...certificates] };
  const locked = files.find((_, index) => fromFiles[index]?.kind === 'encrypted');
  if (locked !== undefined) return unlock(locked, options);
  if (own?.ok === false) return own;
  return firstKey(files, options);
}

/** Where certificates for these keys may lie: beside the keys, as ssh has them, and in the agent. */
export function certificateSources(
  {
    file,
    agentSocket,
    home,
    ownKeyFile,
  }: Pick<IdentityOptions, 'file' | 'agentSocket' | 'home' | 'ownKeyFile'>,
  named?: string,
): CertificateSources {
  const usual = defaultFiles.map((name) => join(home, '.ssh', name));
  const keyFiles = file === undefined ? [...usual, ownKeyFile] : [file.replace(/\.pub$/, '')];
  return {
    files: [...(named === undefined ? [] : [named]), ...keyFiles.map((path) => `${path}-cert.pub`)],
    agentSocket,
    forTheseKeys: file !== undefined,
  };
}

function firstKey(files: readonly string[], { ownKeyFile, onKeyMade }: IdentityOptions): Parsed<Identity[]> {
  if (onKeyMade === undefined) {
    return problem(
      `there is no SSH key: the agent has none, and none of ${[...files, ownKeyFile].join(', ')} can be used; pass --identity FILE`,
    );
  }
  const made = makeOwnKey(ownKeyFile);
  if (!made.ok) return made;
  onKeyMade(made.value);
  return { ok: true, value: [ownIdentity(made.value)] };
}

function ownIdentity({ file, publicLine, privateText }: OwnKey): Identity {
  const parsed = ssh2.utils.parseKey(privateText);
  if (parsed instanceof Error) throw parsed;
  return {
    ...fileIdentity(file, parsed),
    advice: `have this key added at the gateway (porthole key add, or its authorized keys): ${publicLine}`,
  };
}

type FileIdentity =
  | { readonly kind: 'identity'; readonly identity: Identity }
  | { readonly kind: 'encrypted' }
  | { readonly kind: 'problem'; readonly problem: string };

/**
 * `-i FILE` may be a key, a public key whose private half the agent has, or an encrypted key that the agent
 * has open.
 */
async function namedIdentity(
  file: string,
  fromAgent: Identity[],
  options: IdentityOptions,
): Promise<Parsed<Identity[]>> {
  const read = await readIdentity(file);
  if (read.kind === 'identity') return { ok: true, value: [read.identity] };
  const held = await heldByAgent(file, fromAgent);
  if (held !== undefined) return { ok: true, value: [held] };
  return read.kind === 'encrypted' ? unlock(file, options) : problem(read.problem);
}

async function agentIdentities(socketPath: string | undefined): Promise<Identity[]> {
  if (socketPath === undefined || socketPath === '') return [];
  const keys = await listAgentKeys(socketPath);
  const plain = keys.map((key): Identity => {
    const agent = new SingleKeyAgent(socketPath, key);
    return agentIdentity(key.getPublicSSH(), agent);
  });
  return [...plain, ...(await fidoIdentities(socketPath))];
}

/** FIDO keys, which ssh2 does not know: the agent asks for the touch. */
async function fidoIdentities(socketPath: string): Promise<Identity[]> {
  const entries = await listAgentEntries(socketPath);
  return entries.flatMap(({ blob }) => {
    const algorithm = wireText(new WireReader(blob).string()) ?? '';
    if (!algorithm.startsWith('sk-') || isCertificateType(algorithm)) return [];
    const sign = (data: Buffer): Promise<Buffer> => signWithAgent(socketPath, blob, data);
    return [agentIdentity(blob, new PresentedKeyAgent({ algorithm, blob, sign }))];
  });
}

function agentIdentity(blob: Buffer, agent: BaseAgent): Identity {
  return { source: 'the SSH agent', fingerprint: fingerprint(blob), signer: { type: 'agent', agent } };
}

async function readIdentity(file: string, passphrase?: string): Promise<FileIdentity> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    return { kind: 'problem', problem: `cannot read the key ${file}: ${(error as Error).message}` };
  }
  const parsed = parsePrivateKey(text, passphrase);
  switch (parsed.kind) {
    case 'key':
      return { kind: 'identity', identity: fileIdentity(file, parsed.key) };
    case 'encrypted':
      return parsed;
    case 'unusable':
      return { kind: 'problem', problem: `${file} ${parsed.problem}` };
  }
}

function fileIdentity(file: string, key: ParsedKey): Identity {
  return { source: file, fingerprint: fingerprint(key.getPublicSSH()), signer: { type: 'publickey', key } };
}

async function heldByAgent(file: string, fromAgent: Identity[]): Promise<Identity | undefined> {
  for (const path of [file, `${file}.pub`]) {
    const text = await readFile(path, 'utf8').catch(() => '');
    const parsed = parsePublicKey(text);
    if (!parsed.ok) continue;
    const wanted = fingerprint(parsed.key.blob);
    const held = fromAgent.find((identity) => identity.fingerprint === wanted);
    if (held !== undefined) return held;
  }
  return undefined;
}

async function unlock(file: string, { askPassphrase }: IdentityOptions): Promise<Parsed<Identity[]>> {
  const advice = `add it to the SSH agent (ssh-add ${file}), or pass another key with --identity`;
  if (askPassphrase === undefined)
    return problem(`the key ${file} needs a passphrase, and there is no terminal to ask on: ${advice}`);
  for (let tries = 0; tries < passphraseTries; tries++) {
    const passphrase = await askPassphrase(`passphrase for ${file}: `);
    if (passphrase === undefined) break;
    const read = await readIdentity(file, passphrase);
    if (read.kind === 'identity') return { ok: true, value: [read.identity] };
    if (read.kind === 'problem') return problem(read.problem);
  }
  return problem(`the key ${file} was not unlocked: ${advice}`);
}

function distinct(identities: Identity[]): Identity[] {
  const seen = new Set<string>();
  return identities.filter((identity) => !seen.has(identity.fingerprint) && seen.add(identity.fingerprint));
}

function problem(text: string): { ok: false; problem: string } {
  return { ok: false, problem: text };
}
