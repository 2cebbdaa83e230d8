import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { chromium } from 'playwright-core';
import t from 'tap';
import { fingerprint } from '../../core/fingerprint.ts';
import { parsePublicKey, type PublicKeyResult } from '../../core/public-key.ts';
import { publicKeyCases } from '../core/public-key-cases.ts';

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-component-update'],
    '--disable-background-networking',
  ],
});
t.teardown(() => browser.close());

/** The very file that the gateway runs, its types taken off, as a module of a page. */
const source = stripTypeScriptTypes(
  readFileSync(new URL('../../core/public-key.ts', import.meta.url), 'utf8'),
  { mode: 'strip' },
);

type Verdict = { code: string } | { key: string };

function told(result: PublicKeyResult): Verdict {
  if (!result.ok) return { code: result.code };
  const { blob: _blob, ...facts } = result.key;
  return { key: `${JSON.stringify(facts)} ${fingerprint(result.key.blob)}` };
}

t.test('the parser of public keys says the same in a browser as in the gateway', async (t) => {
  const context = await browser.newContext();
  t.teardown(() => context.close());
  const page = await context.newPage();
  // WebCrypto is there for secure origins only.
  await page.route('https://keys.test/**', (route) =>
    route.request().url().endsWith('.js')
      ? route.fulfill({ contentType: 'text/javascript', body: source })
      : route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>keys</title>' }),
  );
  await page.goto('https://keys.test/');
  const texts = publicKeyCases.map(({ text }) => text);
  const script = `(async () => {
    const { parsePublicKey, fingerprintOf } = await import('/public-key.js');
    return Promise.all(${JSON.stringify(texts)}.map(async (text) => {
      const result = parsePublicKey(text);
      if (!result.ok) return { code: result.code };
      const { blob, ...facts } = result.key;
      return { key: JSON.stringify(facts) + ' ' + await fingerprintOf(blob) };
    }));
  })()`;
  const verdicts = await page.evaluate<Verdict[]>(script);
  for (const [index, { name, text }] of publicKeyCases.entries())
    t.same(verdicts[index], told(parsePublicKey(text)), name);
  t.equal(verdicts.length, 44);
});
