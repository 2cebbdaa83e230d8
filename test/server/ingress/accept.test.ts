import fc from 'fast-check';
import t from 'tap';
import { preferredForm } from '../../../server/ingress/accept.ts';

t.test('a page for browsers, JSON for those that ask for it, else text', async (t) => {
  const cases: [string, string][] = [
    ['', 'text'],
    ['*/*', 'text'],
    ['text/plain', 'text'],
    ['text/html', 'html'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'html'],
    ['application/json', 'json'],
    ['application/json, text/plain, */*', 'json'],
    ['application/problem+json', 'json'],
    ['APPLICATION/JSON', 'json'],
    ['text/html;q=0.5, application/json', 'json'],
    ['application/json;q=0.5, text/html', 'html'],
    ['application/json;q=0', 'text'],
    ['text/html;q=nonsense', 'text'],
    ['application/json; charset=utf-8; q=0.3, text/html ; q=0.4', 'html'],
    ['text/html, application/json', 'html'],
    ['image/*', 'text'],
  ];
  for (const [accept, form] of cases) t.equal(preferredForm(accept), form, accept);
});

t.test('any text is an answer', async () => {
  fc.assert(fc.property(fc.string(), (accept) => ['html', 'json', 'text'].includes(preferredForm(accept))));
});
