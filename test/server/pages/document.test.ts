import { createHash } from 'node:crypto';
import t from 'tap';
import { contentPolicy, renderDocument } from '../../../server/pages/document.ts';
import { markup } from '../../../server/pages/html.ts';
import { pageStyle } from '../../../server/pages/page-style.ts';

const sha256 = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

t.test('a page has its language, its title and its landmarks, and nothing foreign', async (t) => {
  const script = 'void 0';
  const page = renderDocument({
    title: 'A & B',
    head: markup`<meta name="x">\n`,
    main: markup`<h1>Hello</h1>`,
    footer: markup`<p>end</p>`,
    script,
  });
  for (const part of [
    '<html lang="en">',
    '<title>A &#38; B</title>',
    '<meta name="x">',
    '<main>\n<h1>Hello</h1></main>',
    '<footer><p>end</p></footer>',
    `<script>${script}</script>`,
    `<style>${pageStyle}</style>`,
  ]) {
    t.ok(page.includes(part), part);
  }
  t.notMatch(page, /src=|href=|@import|url\(/);
  const bare = renderDocument({ title: 'T', main: markup`<h1>T</h1>` });
  t.notMatch(bare, /<script|<footer/);
});

t.test('a policy allows what the page needs, and names nobody else', async (t) => {
  const style = `style-src ${sha256(pageStyle)}`;
  t.equal(
    contentPolicy({}),
    `default-src 'none'; ${style}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  );
  t.equal(
    contentPolicy({
      script: 'go()',
      connects: true,
      forms: ["'self'", 'https://*.a.test'],
      framedBy: ['https://b.test'],
    }),
    `default-src 'none'; ${style}; script-src ${sha256('go()')}; connect-src 'self'; base-uri 'none'; form-action 'self' https://*.a.test; frame-ancestors https://b.test`,
  );
});
