import t from 'tap';
import { nextLines, refusalLine, requestLine, viewLines } from '../../../server/ssh/session-view.ts';
import { FakeForward } from '../../support/fake-forward.ts';
import { fakeUrls } from '../../support/ssh-gateway.ts';

const request = { kind: 'tcpip', bindAddr: 'web', bindPort: 80 } as const;
const allLines = (given: Parameters<typeof viewLines>[0]): readonly string[] => [
  ...viewLines(given),
  ...nextLines(given),
];
const facts = { env: 'pr-1', forwards: [], refusals: [], urls: fakeUrls };

t.test('the URLs, one a line and copyable, then what to do next', (t) => {
  const forwards = [
    new FakeForward({ access: 'public' }),
    new FakeForward({ service: 'api', access: 'public' }),
  ];
  const lines = allLines({ ...facts, forwards });
  t.ok(lines.includes('  https://web--pr-1.preview.test/'));
  t.ok(lines.includes('  https://api--pr-1.preview.test/'));
  t.match(lines.at(-1), /Ctrl-C/);
  t.notOk(
    lines.some((line) => line.includes('share=')),
    'all is public',
  );
  t.end();
});

t.test('from where they may be opened', async (t) => {
  const forwards = [new FakeForward({ access: 'public', options: { from: '192.0.2.0/24' } })];
  t.ok(
    allLines({ ...facts, forwards }).includes('  https://web--pr-1.preview.test/  (only from 192.0.2.0/24)'),
  );
});

t.test('private ones come with a link', (t) => {
  const lines = allLines({
    ...facts,
    forwards: [new FakeForward({ access: 'public' }), new FakeForward({ service: 'api' })],
  });
  t.ok(lines.includes('  https://api--pr-1.preview.test/?share=of-pr-1'));
  t.end();
});

t.test('where no link can be had, how else to get in', (t) => {
  const urls = { ...fakeUrls, shareUrlOf: () => undefined };
  const lines = allLines({ ...facts, urls, forwards: [new FakeForward()] });
  t.notOk(lines.some((line) => line.includes('share')));
  t.ok(lines.some((line) => line.includes('ssh ... login')));
  t.match(lines.at(-1), /Ctrl-C/);
  t.end();
});

t.test('what is not served over HTTP has no URL', (t) => {
  const lines = allLines({
    ...facts,
    forwards: [new FakeForward({ service: 'ssh', options: { scheme: 'tcp' } })],
  });
  t.notOk(lines.some((line) => line.includes('https://')));
  t.ok(lines.some((line) => line.includes('not over HTTP')));
  t.end();
});

t.test('refusals come first; with nothing offered, how to offer something', (t) => {
  const refusal = { request, reason: 'the name belongs to somebody else' };
  t.equal(allLines({ ...facts, refusals: [refusal] })[0], refusalLine(refusal));
  t.equal(
    allLines({ ...facts, refusals: [refusal], forwards: [new FakeForward()] })[0],
    refusalLine(refusal),
  );
  t.ok(allLines(facts).some((line) => line.includes('ssh -R 80:localhost:3000')));
  t.end();
});

t.test('a request in one line, safe for a terminal', (t) => {
  const at = new Date(2030, 0, 1, 14, 2, 11);
  const summary = {
    env: 'pr-1',
    service: undefined,
    method: 'GET',
    path: '/a\u001b[2J',
    status: 200,
    durationMs: 12.4,
  };
  t.equal(requestLine(summary, at), '14:02:11  200  GET /a?[2J  12 ms');
  t.equal(requestLine({ ...summary, service: 'web', path: '/' }, at), '14:02:11  200  web GET /  12 ms');
  t.equal(refusalLine({ request, reason: 'a\r\nb' }), 'refused: -R web:80: a??b');
  t.end();
});
