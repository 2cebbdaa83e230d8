import { createHash } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import type { Page } from '../../../server/ingress/error-page.ts';
import { escapeHtml, pagePolicy, renderPage } from '../../../server/ingress/error-page.ts';

const page: Page = {
  title: 'T',
  status: '404 Not Found',
  reason: 'Because.',
  next: 'Do that.',
  facts: [['Code', 'ERR_X']],
  links: [{ text: 'web', href: 'https://web.test/' }],
  waits: false,
};

t.test('says what is the matter and what to do, with facts and links', async (t) => {
  const html = renderPage(page);
  for (const part of [
    '<title>T</title>',
    'Because.',
    'Do that.',
    '<dd>ERR_X</dd>',
    '<a href="https://web.test/">web</a>',
  ]) {
    t.ok(html.includes(part), part);
  }
  t.notOk(html.includes('<script'), 'nothing runs on it');
  t.ok(html.includes('prefers-color-scheme:dark'));
});

t.test('is whole in itself, and its policy allows exactly what is in it', async (t) => {
  for (const waits of [false, true]) {
    const html = renderPage({ ...page, waits });
    t.notMatch(html, /src=|@import|url\(/);
    const policy = pagePolicy(waits);
    const inline = [...html.matchAll(/<(style|script)>([^]*?)<\/\1>/g)];
    t.equal(inline.length, waits ? 2 : 1);
    for (const [, , text] of inline) {
      t.ok(
        policy.includes(
          `'sha256-${createHash('sha256')
            .update(text ?? '')
            .digest('base64')}'`,
        ),
      );
    }
    for (const part of [
      "default-src 'none'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'none'",
    ]) {
      t.ok(policy.includes(part), part);
    }
    t.equal(policy.includes('connect-src'), waits);
  }
});

t.test('nothing that it is given becomes markup', async (t) => {
  const text = fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', 'a', ' ', '/', '`', '\0') });
  const bare = (html: string): string => html.replace(/<[^>]*>/g, '');
  const plain = bare(
    renderPage({
      ...page,
      title: '',
      status: '',
      reason: '',
      next: '',
      facts: [['', '']],
      links: [{ text: '', href: '' }],
    }),
  );
  t.notMatch(plain, /[<>]/);
  fc.assert(
    fc.property(text, (value) => {
      const html = renderPage({
        ...page,
        title: value,
        status: value,
        reason: value,
        next: value,
        facts: [[value, value]],
        links: [{ text: value, href: value }],
      });
      return (html.match(/</g) ?? []).length === (renderPage(page).match(/</g) ?? []).length;
    }),
  );
  t.equal(escapeHtml('<a href="x">\'&'), '&#60;a href=&#34;x&#34;&#62;&#39;&#38;');
});
