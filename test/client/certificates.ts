import forge from 'node-forge';

export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface TestAuthority {
  /** The authority's own certificate. */
  readonly ca: string;
  issue(names: { dns?: readonly string[]; ip?: readonly string[]; expired?: boolean }): TestCertificate;
}

/** A certificate authority that nobody trusts who was not told to. */
export function makeAuthority(name = 'Test CA'): TestAuthority {
  const keys = forge.pki.rsa.generateKeyPair(2048);
  const subject = [{ name: 'commonName', value: name }];
  const ca = unsigned(keys.publicKey, { serial: '01', notAfterMs: Date.now() + 86_400_000 });
  ca.setSubject(subject);
  ca.setIssuer(subject);
  ca.setExtensions([
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true },
  ]);
  ca.sign(keys.privateKey, forge.md.sha256.create());
  return {
    ca: forge.pki.certificateToPem(ca),
    issue: ({ dns = [], ip = [], expired = false }) => {
      const leafKeys = forge.pki.rsa.generateKeyPair(2048);
      const leaf = unsigned(leafKeys.publicKey, {
        serial: '02',
        notAfterMs: Date.now() + (expired ? -3_600_000 : 86_400_000),
      });
      leaf.setSubject([{ name: 'commonName', value: 'gateway' }]);
      leaf.setIssuer(subject);
      const altNames = [
        ...dns.map((value) => ({ type: 2, value })),
        ...ip.map((value) => ({ type: 7, ip: value })),
      ];
      leaf.setExtensions([{ name: 'subjectAltName', altNames }]);
      leaf.sign(keys.privateKey, forge.md.sha256.create());
      return { cert: forge.pki.certificateToPem(leaf), key: forge.pki.privateKeyToPem(leafKeys.privateKey) };
    },
  };
}

function unsigned(
  publicKey: forge.pki.rsa.PublicKey,
  { serial, notAfterMs }: { serial: string; notAfterMs: number },
): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = publicKey;
  certificate.serialNumber = serial;
  certificate.validity.notBefore = new Date(Date.now() - 7_200_000);
  certificate.validity.notAfter = new Date(notAfterMs);
  return certificate;
}
