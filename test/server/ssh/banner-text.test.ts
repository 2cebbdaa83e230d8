import t from 'tap';
import { bannerText, type BannerFacts } from '../../../server/ssh/banner-text.ts';
import { fakeUrls } from '../../support/ssh-gateway.ts';

const facts: BannerFacts = {
  env: 'pr-1',
  identity: {
    principal: 'me',
    role: 'machine',
    envPatterns: ['pr-*'],
    source: { kind: 'stored' },
    fingerprint: 'SHA256:x',
    keyId: 'abc',
  },
  routes: { mayClaim: () => true },
  urls: fakeUrls,
  defaultAccess: 'private',
  contact: 'the team',
  refusals: [],
};

t.test('where the environment will be, and the link that opens it', (t) => {
  const text = bannerText(facts);
  t.match(text, 'https://pr-1.preview.test/ ');
  t.match(text, 'https://web--pr-1.preview.test/ ');
  t.match(text, 'https://pr-1.preview.test/?share=');
  t.ok(text.endsWith('\n'));
  t.notMatch(bannerText({ ...facts, defaultAccess: 'public' }), 'share=');
  t.end();
});

t.test('while there is no link, how to make one', (t) => {
  const text = bannerText({ ...facts, urls: { ...fakeUrls, shareUrlOf: () => undefined } });
  t.match(text, /private; for a link: ssh \.\.\. share pr-1$/m);
  t.end();
});

t.test('what was refused the last time, made safe for a terminal', (t) => {
  const request = { kind: 'tcpip', bindAddr: 'we\u001bb', bindPort: 80 } as const;
  const [first] = bannerText({ ...facts, refusals: [{ request, reason: 'it is\ntaken' }] }).split('\n');
  t.equal(first, 'porthole: last time, refused: -R we?b:80: it is?taken');
  t.end();
});

t.test("why nothing can be offered under this name, without a link that somebody else's would open", (t) => {
  const cases: [Partial<BannerFacts>, RegExp][] = [
    [{ env: 'www' }, /reserved/],
    [{ env: 'main' }, /this key may not use the name main \(it may use pr-\*\); for more, ask the team$/m],
    [{ routes: { mayClaim: () => false } }, /belongs to somebody else; use another, or ask the team$/m],
  ];
  for (const [change, pattern] of cases) {
    const text = bannerText({ ...facts, ...change });
    t.match(text, pattern);
    t.notMatch(text, 'share=');
  }
  t.end();
});

t.test('nothing of the name to those who may come in by the gate with any name', (t) => {
  for (const role of ['member', 'admin'] as const) {
    const identity = { ...facts.identity, role };
    t.equal(bannerText({ ...facts, identity, env: 'engineer' }), '');
    t.match(bannerText({ ...facts, identity }), 'https://pr-1.preview.test/ ');
    const any = { ...identity, envPatterns: ['*'] };
    t.match(bannerText({ ...facts, identity: any, env: 'www' }), /reserved/);
  }
  t.end();
});
