import type { Access } from '../../core/forward.ts';
import { accesses } from '../../core/openness.ts';
import type { Role } from './identity.ts';
import { defaultKeyRules, type KeyRules } from './key-record.ts';

/** What stands before a key in an authorized-keys file. */
export interface KeyOptions {
  principal?: string;
  role?: Role;
  env: string[];
  /** The most open access that it may ask for. */
  access?: Access;
  /** Milliseconds since the epoch. */
  expiresAt?: number;
  /** What a FIDO key must show. */
  rules: KeyRules;
}

/** What stands there may be anything. */
const maxShownName = 24;

export type LineOptions = { options: KeyOptions; rest: string } | { problem: string };

/** Those of a line that has none. */
export const noOptions: Readonly<KeyOptions> = { env: [], rules: defaultKeyRules };

const roles: readonly Role[] = ['machine', 'member', 'admin'];

/**
 * Reads `name="value",name="value"` up to the first blank outside of quotes, the way sshd(8) does: a `"` in a value is written `\"`.
 * Fails at anything that is not known here or given twice: to drop a restriction that its author relied on would admit more than was
 * meant.
 */
export function readOptions(line: string): LineOptions {
  const pattern = /([A-Za-z-]+)(?:="((?:[^"\\]|\\"|\\(?!"))*)")?(,|[ \t]+)/uy;
  const options: KeyOptions = { ...noOptions, env: [] };
  for (;;) {
    const match = pattern.exec(line);
    if (match === null) return { problem: 'expected: [options] type base64 [comment]' };
    const [, name = '', value, separator] = match;
    const problem = setOption(options, name, value?.replaceAll('\\"', '"'));
    if (problem !== undefined) return { problem };
    if (separator !== ',') return { options, rest: line.slice(pattern.lastIndex) };
  }
}

/** The problem, if there is one. A flag has no value. */
function setOption(options: KeyOptions, name: string, value: string | undefined): string | undefined {
  switch (name.toLowerCase()) {
    case 'principal':
      return setPrincipal(options, value ?? '');
    case 'role':
      return setRole(options, value ?? '');
    case 'env':
      return addPatterns(options, value ?? '');
    case 'access':
      return setAccess(options, value ?? '');
    case 'expiry-time':
      return setExpiry(options, value ?? '');
    case 'verify-required':
      return setRule(options, { verifyRequired: true }, value);
    case 'no-touch-required':
      return setRule(options, { touchRequired: false }, value);
    case 'cert-authority':
      return 'authorities of certificates are named with --user-ca FILE, not here, so this key admits nobody';
    default:
      return `option ${name.slice(0, maxShownName)} is not supported here, so this key admits nobody`;
  }
}

function setRule(
  options: KeyOptions,
  rule: Partial<KeyRules>,
  value: string | undefined,
): string | undefined {
  if (value !== undefined) return 'verify-required and no-touch-required take no value';
  options.rules = { ...options.rules, ...rule };
  return undefined;
}

function setPrincipal(options: KeyOptions, value: string): string | undefined {
  if (options.principal !== undefined) return givenTwice('principal');
  if (value === '') return 'option principal has no value';
  options.principal = value;
  return undefined;
}

function setRole(options: KeyOptions, value: string): string | undefined {
  if (options.role !== undefined) return givenTwice('role');
  const role = roles.find((each) => each === value);
  if (role === undefined) return `role must be one of ${roles.join(', ')}`;
  options.role = role;
  return undefined;
}

function setAccess(options: KeyOptions, value: string): string | undefined {
  if (options.access !== undefined) return givenTwice('access');
  const access = accesses.find((each) => each === value);
  if (access === undefined) return `access must be one of ${accesses.join(', ')}`;
  options.access = access;
  return undefined;
}

function addPatterns(options: KeyOptions, value: string): string | undefined {
  const patterns = value.split(',').map((pattern) => pattern.trim());
  if (!patterns.every((pattern) => /^[a-z0-9*?-]+$/u.test(pattern))) return `bad env pattern ${value}`;
  options.env.push(...patterns);
  return undefined;
}

function setExpiry(options: KeyOptions, value: string): string | undefined {
  if (options.expiresAt !== undefined) return givenTwice('expiry-time');
  const at = parseExpiryTime(value);
  if (at === undefined) return 'expiry-time must be YYYYMMDD[HHMM[SS]][Z]';
  options.expiresAt = at;
  return undefined;
}

function givenTwice(name: string): string {
  return `option ${name} is given twice`;
}

/** OpenSSH's form: local time, or UTC with a `Z` at the end. Milliseconds since the epoch. */
function parseExpiryTime(text: string): number | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?(Z?)$/u.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const parts = [year, month - 1, day, hour || 0, minute || 0, second || 0] as const;
  // A day that the calendar does not have would silently become another.
  const calendar = new Date(Date.UTC(...parts));
  if (calendar.getUTCMonth() !== month - 1 || calendar.getUTCDate() !== day) return undefined;
  return (match[7] === 'Z' ? calendar : new Date(...parts)).getTime();
}
