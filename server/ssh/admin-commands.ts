import type { Parsed } from '../../core/parsed.ts';
import type { Admissions } from '../identity/admission.ts';
import type { Role } from '../identity/identity.ts';
import { defaultKeyRules, type Caller } from '../identity/key-record.ts';
import { plainKeyOf } from '../identity/plain-key.ts';
import type { Login } from './login.ts';
import type { InputKind } from './session-input.ts';

/** What a session shows of a command, and its exit status. Nothing in the lines can act on a terminal. */
export interface AdminReply {
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  readonly status: number;
}

/** The connection that a command comes by. */
export interface CommandConnection {
  readonly env: string;
  readonly tunnelId: string;
}

/** The commands that manage the gateway, as a session gives them. */
export interface AdminCommands {
  /** The words that they begin with. */
  readonly firstWords: readonly string[];
  /** Help on those that begin with these words, as far as the role may give them; all, without words. */
  help(about: readonly string[], role: Role): readonly string[];
  /** Never rejects. */
  run(
    words: readonly string[],
    session: {
      /** Who gives it at this moment, or why they may give none any more. */
      readonly caller: () => Parsed<Caller>;
      readonly readInput: (wanted: InputKind) => Promise<Parsed<string>>;
      readonly connection: CommandConnection;
    },
  ): Promise<AdminReply>;
}

/** Who gives a command, by what their key is now: it may be less than when they logged in. */
export function callerNow(
  { identity, key }: Pick<Login, 'identity' | 'key'>,
  { admissions, remoteAddress }: { admissions: Pick<Admissions, 'admit'>; remoteAddress: string },
): Parsed<Caller> {
  const admission = admissions.admit(key, remoteAddress);
  if (admission.kind === 'refused') return { ok: false, problem: admission.reason };
  if (admission.identity.principal !== identity.principal)
    return { ok: false, problem: 'the key belongs to another principal now' };
  const { touchRequired, verifyRequired } = admission.securityKey ?? defaultKeyRules;
  const plain = { ...plainKeyOf(key), rules: { touchRequired, verifyRequired } };
  return { ok: true, value: { identity: admission.identity, address: remoteAddress, key: plain } };
}
