import { createHash } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import type { Page } from '../../../server/ingress/error-page.ts';
import { pagePolicy, renderPage } from '../../../server/ingress/error-page.ts';
import { pageColours } from '../../../server/pages/page-style.ts';

const page: Page = {
  title: 'T',
  status: '404 Not Found',
  reason: 'Because.',
  next: 'Do that.',
  lastSeen: undefined,
  facts: [['Code', 'ERR_X']],
  links: [{ text: 'web', href: 'https://web.test/' }],
  waits: undefined,
};
const waits = { until: 'it is back', then: 'open', code: 'ERR_X' } as const;

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

t.test('those who may see more are shown where to sign in', async (t) => {
  t.notMatch(renderPage(page), 'Sign in');
  const html = renderPage({ ...page, signIn: 'https://x.test/login?to=a&return=%2F' });
  t.match(html, /<a href="https:\/\/x.test\/login\?to=a&(?:#38|amp);return=%2F">Sign in<\/a>/);
});

t.test('is whole in itself, and its policy allows exactly what is in it', async (t) => {
  for (const each of [undefined, waits]) {
    const html = renderPage({ ...page, waits: each });
    t.notMatch(html, /src=|@import|url\(/);
    const policy = pagePolicy(each !== undefined);
    const inline = [...html.matchAll(/<(style|script)>([^]*?)<\/\1>/g)];
    t.equal(inline.length, each === undefined ? 1 : 2);
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
    t.equal(policy.includes('connect-src'), each !== undefined);
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
        lastSeen: { at: value, ago: value, agoMs: 1 },
        waits: { ...waits, until: value },
      });
      const lastSeen = { at: '', ago: '', agoMs: 1 };
      const usual = renderPage({ ...page, lastSeen, waits });
      return (html.match(/</g) ?? []).length === (usual.match(/</g) ?? []).length;
    }),
  );
});

t.test('shows that it waits, in a line that is read out, and that works without the script', async (t) => {
  const html = renderPage({ ...page, waits });
  t.match(
    html,
    /role="status" aria-live="polite" data-then="open" data-code="ERR_X">This page opens the preview when it is back\.</,
  );
  t.match(html, /<noscript><meta http-equiv="refresh"/);
  t.match(html, /@media \(prefers-reduced-motion:reduce\)/);
  const telling = renderPage({ ...page, waits: { ...waits, then: 'tell' } });
  t.match(telling, /data-then="tell" data-code="ERR_X">This page says when it is back\.</);
  t.notMatch(telling, 'http-equiv="refresh"', 'a form is not sent again by itself');
  t.match(html, '<html lang="en">');
  for (const landmark of ['main', 'footer', 'h1']) {
    t.equal(html.split(`<${landmark}>`).length, 2, landmark);
  }
});

t.test('when it was seen last, for people and for programs', async (t) => {
  const lastSeen = { at: '2026-01-02T14:02:00.000Z', ago: '3 minutes ago', agoMs: 180_000 };
  const html = renderPage({ ...page, lastSeen });
  t.match(html, /<time datetime="2026-01-02T14:02:00.000Z"[^>]* data-ago="180000">3 minutes ago<\/time>/);
});

t.test('text can be told from its ground by everybody, in light and in dark', async (t) => {
  for (const { ink, dim, accent, ground } of Object.values(pageColours)) {
    for (const colour of [ink, dim, accent]) t.ok(contrast(colour, ground) >= 4.5, `${colour} on ${ground}`);
  }
});

/** The contrast ratio of two colours (WCAG 2.1). */
function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
