import { z } from 'zod';

/** Who cannot read a message's version says so, instead of guessing. */
export const protocolVersion = 1;

const address = z.object({ host: z.string().max(255), port: z.number().int().min(1).max(65_535) });
const addresses = z.array(address).max(256);

/** Where the predecessor listens: addresses as they were asked for, with the ports that they have. */
const places = z.object({ shared: addresses, ssh: addresses, http: addresses, metrics: addresses });
const identity = { pid: z.number().int().positive(), version: z.string().max(64) };

/**
 * What the processes of a handover say to each other over the claim's socket, a line of JSON each: the successor asks to `replace`; the predecessor
 * answers `granted` or `refused`; the successor says `serving` when nothing can fail any more; the predecessor lets go of what
 * only one may have, and says `released`.
 */
const message = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('replace'), ...identity }),
  z.object({ kind: z.literal('granted'), ...identity, places }),
  z.object({ kind: z.literal('refused'), reason: z.string().max(1000) }),
  z.object({ kind: z.literal('serving') }),
  z.object({ kind: z.literal('released') }),
]);

export type Message = z.output<typeof message>;
export type Places = z.output<typeof places>;
export type Address = z.output<typeof address>;

/** Without the line's end. */
export function writeMessage(said: Message): string {
  return JSON.stringify({ v: protocolVersion, ...said });
}

/** `foreign`: of another version of the protocol. `nonsense`: not of the protocol at all. */
export function readMessage(line: string): Message | { readonly kind: 'foreign' | 'nonsense' } {
  const value = parsed(line);
  if (typeof value !== 'object' || value === null || !('v' in value)) return { kind: 'nonsense' };
  if (value.v !== protocolVersion) return { kind: 'foreign' };
  const read = message.safeParse(value);
  return read.success ? read.data : { kind: 'nonsense' };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
