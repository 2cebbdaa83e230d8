import { openFailure } from '../../core/channel-opening.ts';
import type { Log } from '../../core/log.ts';
import type { Parsed } from '../../core/parsed.ts';
import type { Caller } from '../identity/key-record.ts';
import type { Jump, Jumps } from '../targets/jump.ts';
import type { DirectOpen } from '../tunnel/direct-opens.ts';
import type { Origin } from '../tunnel/forward.ts';
import type { Login } from './login.ts';

/** The connection over which somebody asks to be led through, as they and the gate need it. */
export interface JumpLine {
  readonly login: Pick<Login, 'identity' | 'user'>;
  /** Where it comes from. */
  readonly origin: Origin;
  readonly caller: () => Parsed<Caller>;
  /** Whether it carries nothing but one channel. */
  readonly carriesOneOnly: () => boolean;
  /** Tells those who have a session on it. */
  readonly tell: (reason: string) => void;
  /** Ends it, such that its user reads why. */
  readonly end: (reason: string) => void;
  readonly log: Log;
}

/** Hands over to the gate what a connection asks for. Never throws: this is called inside ssh2's parser. */
export function leadThrough(open: DirectOpen, jumps: Jumps | undefined, line: JumpLine): void {
  try {
    if (jumps === undefined)
      open.refuse(openFailure.prohibited, 'nobody is led through here (ERR_GATE_REFUSED)');
    else jumps.open(jumpOf(open, line));
  } catch (err) {
    line.log.error({ err }, 'the gate failed inside the gateway');
    open.refuse(openFailure.prohibited, 'the gateway failed (ERR_INTERNAL)');
  }
}

function jumpOf(open: DirectOpen, { login, origin, caller, carriesOneOnly, tell, end }: JumpLine): Jump {
  const { host, port, abandoned } = open;
  const { principal, fingerprint } = login.identity;
  return {
    ...{ host, port, abandoned, user: login.user, origin, principal, fingerprint, caller },
    accept: () => open.accept(),
    refuse: ({ code, reason }) => {
      open.refuse(openFailure.prohibited, `${reason} (${code})`);
    },
    tell: (reason) => {
      if (isForOneOnly(open) && carriesOneOnly()) end(reason);
      else tell(reason);
    },
  };
}

/** `ssh -W`, which also `ssh -J` runs, has no connection for which it asks: OpenSSH makes one up. Its standard output is the channel, so it says nothing else. */
function isForOneOnly({ from }: DirectOpen): boolean {
  return from.address === '127.0.0.1' && from.port === 65_535;
}
