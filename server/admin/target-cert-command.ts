import { formatDeadline } from '../../core/moment.ts';
import { quote } from '../../core/quote.ts';
import { fingerprint } from '../../core/fingerprint.ts';
import type { TargetBook } from '../targets/target-book.ts';
import type { TargetCertificates } from '../targets/target-certificates.ts';
import { findTarget } from '../targets/target-names.ts';
import { answer, failed, notAllowed, type Handlers } from './answer.ts';

/** What the commands about certificates for machines need. */
export interface TargetCertServices {
  readonly certificates: Pick<TargetCertificates, 'issue' | 'caLine'>;
  readonly book: Pick<TargetBook, 'targets' | 'target' | 'targetNamed'>;
}

/** `target cert`: a short-lived certificate for one machine; `gate ca`: what machines must trust to take it. */
export function targetCertHandlers({
  certificates,
  book,
}: TargetCertServices): Handlers<'target cert' | 'gate ca'> {
  return {
    'target cert': ({ caller, values, now }) => {
      const target = findTarget(book, values.target);
      if (target === undefined) return Promise.resolve(unknown(values.target));
      const wish = { caller, target, osUser: values['os-user'], ttlMs: values.ttl, now };
      const issued = certificates.issue(wish);
      if (issued.kind === 'refused') {
        // What they may not know of is not there.
        if (issued.code === 'ERR_TARGET_UNKNOWN') return Promise.resolve(unknown(values.target));
        return Promise.resolve({ ...refusalOf(issued.code, issued.reason), code: issued.code });
      }
      const { line, serial, osUser, principal, expiresAt } = issued;
      const expires = new Date(expiresAt).toISOString();
      const value = { certificate: line, serial, target: target.id, name: target.name };
      return Promise.resolve(
        answer(
          { ...value, osUser, principal, expires },
          [line],
          [
            `good until ${formatDeadline(expiresAt, now)}, for ${osUser} on ${target.name} alone`,
            'keep it beside the key as KEY-cert.pub, or name it: ssh -o CertificateFile=FILE',
          ],
        ),
      );
    },
    'gate ca': () => {
      const line = certificates.caLine();
      const [, base64 = ''] = line.split(' ');
      const print = fingerprint(Buffer.from(base64, 'base64'));
      return Promise.resolve(
        answer(
          { authority: line, fingerprint: print },
          [line],
          [`fingerprint ${print}; "porthole agent setup" on a machine has its sshd trust it`],
        ),
      );
    },
  };
}

function unknown(text: string) {
  return {
    ...failed(`there is no machine ${quote(text)} that you may reach: porthole target list`),
    code: 'ERR_TARGET_UNKNOWN' as const,
  };
}

function refusalOf(code: string, reason: string) {
  return code === 'ERR_LIMIT' ? failed(reason) : notAllowed(reason);
}
