import fc from 'fast-check';
import t from 'tap';
import { escapeHtml, Html, markup } from '../../../server/pages/html.ts';

t.test('text is escaped, markup is not, and nothing stays nothing', async (t) => {
  t.equal(escapeHtml('<a href="x">\'&'), '&#60;a href=&#34;x&#34;&#62;&#39;&#38;');
  t.equal(markup`<p title="${'"'}">${'<b>'}${7}</p>`.text, '<p title="&#34;">&#60;b&#62;7</p>');
  t.equal(markup`<p>${markup`<b>${'&'}</b>`}${undefined}</p>`.text, '<p><b>&#38;</b></p>');
  t.equal(markup`<ul>${[1, 2].map((n) => markup`<li>${n}</li>`)}</ul>`.text, '<ul><li>1</li><li>2</li></ul>');
  t.equal(markup`<style>${new Html('a{}')}</style>`.text, '<style>a{}</style>');
});

t.test('no text becomes markup, whatever it is', async (t) => {
  const text = fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', '`', '/', 'a', '\0', '$', '{') });
  fc.assert(fc.property(text, (value) => !/[<>"']/.test(markup`${value}`.text)));
  t.pass();
});
