import fc from 'fast-check';
import t from 'tap';
import { certificateBlocks, keyBlock, pemBlocks } from '../../tls/pem.ts';

const block = (label: string, body = 'AAAA'): string =>
  `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;

t.test('finds the blocks, whatever lies between them', async (t) => {
  const text = `subject: x\n${block('CERTIFICATE', 'AAAA')}\n\nissuer: y\n${block('CERTIFICATE', 'BBBB')}`;
  t.same(certificateBlocks(pemBlocks(text) ?? []), [
    block('CERTIFICATE', 'AAAA'),
    block('CERTIFICATE', 'BBBB'),
  ]);
  t.same(pemBlocks(''), []);
  t.same(pemBlocks('no PEM at all'), []);
  t.match(pemBlocks(block('CERTIFICATE').replaceAll('\n', '\r\n')), [{ label: 'CERTIFICATE' }]);
  t.match(pemBlocks(block('CERTIFICATE').trimEnd()), [{ label: 'CERTIFICATE' }], 'without a last line end');
});

t.test('notices a block that is cut off', async (t) => {
  const whole = block('CERTIFICATE', 'AAAA');
  t.equal(pemBlocks(`${whole}${whole.slice(0, -10)}`), undefined);
  t.equal(pemBlocks('-----BEGIN CERTIFICATE-----\nAAAA\n-----END PRIVATE KEY-----\n'), undefined);
});

t.test('finds the private key, behind parameters too', async (t) => {
  const text = `${block('EC PARAMETERS')}${block('EC PRIVATE KEY')}${block('CERTIFICATE')}`;
  t.match(keyBlock(pemBlocks(text) ?? []), { label: 'EC PRIVATE KEY', text: block('EC PRIVATE KEY') });
  t.equal(keyBlock(pemBlocks(block('PUBLIC KEY')) ?? []), undefined);
});

t.test('takes any text, and gives back what was put in', async () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      pemBlocks(text);
    }),
  );
  const label = fc.constantFrom('CERTIFICATE', 'PRIVATE KEY', 'X509 CRL');
  const body = fc.stringMatching(/^[A-Za-z0-9+/]{1,64}$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(label, body, fc.stringMatching(/^[a-z ]{0,20}$/))), (parts) => {
      const text = parts.map(([name, content, between]) => `${block(name, content)}${between}\n`).join('');
      const found = pemBlocks(text) ?? [];
      return (
        found.map((one) => one.text).join('') ===
        parts.map(([name, content]) => block(name, content)).join('')
      );
    }),
  );
});
