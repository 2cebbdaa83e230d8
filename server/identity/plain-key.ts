import { isCertificateType, parseCertificate } from '../../core/ssh-certificate.ts';
import type { OfferedKey } from './admission.ts';

/** The key itself, also when it is offered in a certificate. */
export function plainKeyOf({ type, blob }: OfferedKey): OfferedKey {
  const certificate = isCertificateType(type) ? parseCertificate(blob) : undefined;
  return certificate?.ok === true ? certificate.value.subject : { type, blob };
}
