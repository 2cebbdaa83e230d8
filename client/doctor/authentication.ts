import type { Parsed } from '../../core/parsed.ts';
import type { Failure } from '../failure.ts';
import type { Identity } from '../identity.ts';
import { oneLine } from '../printable.ts';
import { failed, fine, type Verdict } from './check.ts';

/** What came of the login. */
export type LoginFacts =
  { readonly kind: 'open'; readonly env: string | undefined; readonly keyId: string | undefined } | Failure;

export function judgeIdentities(identities: Parsed<readonly Identity[]>): Verdict {
  if (!identities.ok)
    return failed(
      identities.problem,
      'porthole connect makes one for itself; or make your own with ssh-keygen -t ed25519, or name one with --identity FILE',
    );
  return fine(identities.value.map((key) => `${key.fingerprint} (${key.source})`).join(', '));
}

export function judgeLogin(facts: LoginFacts, user: string, identities: readonly Identity[]): Verdict {
  if (facts.kind === 'open') {
    const name =
      facts.env === undefined || facts.env === user ? user : `${user}, which is ${facts.env} there`;
    return fine(
      `logged in as ${oneLine(name)}${facts.keyId === undefined ? '' : ` (key ${oneLine(facts.keyId)})`}`,
    );
  }
  if (facts.kind === 'lost')
    return failed(
      `the login did not come to its end: ${oneLine(facts.reason)}`,
      'try again; the log of the gateway says what it saw',
    );
  return failed(oneLine(facts.reason), adviceFor(identities));
}

function adviceFor(identities: readonly Identity[]): string {
  const [line] = identities.flatMap(({ signer }) =>
    signer.type === 'publickey' ? [`${signer.key.type} ${signer.key.getPublicSSH().toString('base64')}`] : [],
  );
  const which = line === undefined ? 'the public key (ssh-add -L)' : `this line: ${line}`;
  return `have ${which} added at the gateway (porthole key add), or log in with a key that it knows: --identity FILE`;
}
