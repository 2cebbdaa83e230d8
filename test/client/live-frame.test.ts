import fc from 'fast-check';
import t from 'tap';
import { displayWidth } from '../../client/display-width.ts';
import { type FrameOptions, renderFrame } from '../../client/live-frame.ts';
import { LiveRecord } from '../../client/live-model.ts';
import type { ClientEvent } from '../../client/report.ts';

const size: FrameOptions = { columns: 100, rows: 30, colour: false, nowMs: 5000, roundTripMs: 12.3 };
const place = { server: 'https://gw:443', env: 'pr-1' };
const web = { service: 'web', port: null, target: '127.0.0.1:3000' } as const;
const forward = { event: 'forward', ...web, url: 'https://web--pr-1.gw/', access: 'private' } as const;

function record(...events: readonly ClientEvent[]): LiveRecord {
  const made = new LiveRecord(place, () => 5000);
  for (const event of events) made.take(event);
  return made;
}

function lines(model: LiveRecord, options: Partial<FrameOptions> = {}): string[] {
  return renderFrame(model, { ...size, ...options }).text.split('\r\n');
}

const request = { atMs: 0, service: 'web', method: 'GET', path: '/x', status: 200, ms: 3.4 };

t.test('what is shown', async (t) => {
  t.same(lines(record()), ['pr-1: connecting  12 ms  https://gw:443  (Ctrl-C ends it)']);
  const online = record({ event: 'connected', ...place }, forward);
  t.same(lines(online), [
    'pr-1 is online  12 ms  https://gw:443  (Ctrl-C ends it)',
    '  https://web--pr-1.gw/  ->  127.0.0.1:3000  (private)',
  ]);
  online.take({ event: 'upstream-refused', ...web, code: 'ECONNREFUSED', reason: 'x' });
  t.match(lines(online)[1], /\(private\) {2}nothing listens there - start it, the URL stays$/);
  online.take({ event: 'upstream-listening', ...web });
  t.match(lines(online)[1], /\(private\)$/);
  online.take({ event: 'tunnels', live: 1, wanted: 2 });
  t.match(lines(online)[0], '1 of 2 connections');
  online.request(request);
  t.match(lines(online)[3], /^ {2}\d\d:\d\d:\d\d {2}200 {6}3 ms {2}web GET \/x$/);
  online.take({ event: 'forward-refused', ...web, service: 'api', reason: 'taken' });
  t.match(lines(online)[2], '  api  ->  127.0.0.1:3000  refused: taken');
  online.take({ event: 'forward-withdrawn', ...web });
  t.notMatch(lines(online).join(), 'web--pr-1');
  online.take({ event: 'disconnected', reason: 'cut' });
  online.take({ event: 'retrying', inMs: 4100, reason: 'cut' });
  t.match(lines(online)[0], 'pr-1 is not connected; trying again in 5 s');
  t.match(lines(online, { nowMs: 20_000 })[0], 'trying again in 0 s');
  t.match(lines(online).at(-1), /\d\d {2}cut$/);
  online.take({ event: 'retrying', inMs: 1, reason: 'cut' });
  t.equal(lines(online).filter((line) => line.endsWith('  cut')).length, 1, 'said once');
  online.stopping();
  t.match(lines(online)[0], 'pr-1: stopping');
  online.take({ event: 'exit', code: 0 });
  t.same(lines(online)[0], 'pr-1: ended  1 of 2 connections  12 ms  https://gw:443');
});

t.test('the machine whose SSH server is offered', async (t) => {
  const ssh = { service: 'ssh', port: null, target: '127.0.0.1:22' } as const;
  const target = { event: 'target', id: 'uuid', name: 'pr-1', env: 'pr-1', hostKeys: ['SHA256:a'] } as const;
  const model = record({ event: 'connected', ...place }, { event: 'forward', ...ssh, url: '' });
  t.equal(lines(model)[1], '  ssh  ->  127.0.0.1:22');
  model.take({ ...target, state: 'known', unpinned: [] });
  t.match(lines(model)[2], /^ {2}this machine is the target pr-1 \(uuid\): porthole ssh pr-1/);
  model.take({ ...target, state: 'unconfirmed', unpinned: ['SHA256:b'] });
  model.take({ event: 'retrying', inMs: 1, reason: 'cut' });
  t.match(lines(model).slice(2, 4), [/^ {2}WARNING: /, /porthole target trust pr-1$/], 'it stays');
  model.take({ event: 'upstream-refused', ...ssh, code: 'ECONNREFUSED', reason: 'x' });
  t.match(lines(model)[1], /start it, it stays offered$/);
  model.take({ event: 'target-problem', state: 'refused', reason: 'not yours' });
  t.match(lines(model).at(-1), /not yours$/);
});

t.test('moving', async (t) => {
  const model = record({ event: 'connected', ...place }, forward, { event: 'draining', graceMs: 1 });
  t.match(lines(model)[0], 'pr-1 is online, moving to a new connection');
  model.take({ event: 'retrying', inMs: 100, reason: 'not yet' });
  t.match(lines(model)[0], 'is online', 'the old one serves');
  model.take({ event: 'moved' });
  t.match(lines(model)[0], /pr-1 is online {2}/);
});

t.test('colours only where they are wanted', async (t) => {
  const model = record({ event: 'connected', ...place }, forward);
  t.match(renderFrame(model, { ...size, colour: true }).text, '\u001b[32mpr-1 is online\u001b[0m');
  t.notMatch(renderFrame(model, size).text, '\u001b');
});

t.test('URLs are never cut, and the rows that they take are counted', async (t) => {
  const url = `https://${'a'.repeat(70)}.gw/`;
  const model = record({ event: 'connected', ...place }, { ...forward, url });
  const { text, rows } = renderFrame(model, { ...size, columns: 40 });
  t.match(text, url);
  t.equal(rows, 1 + 3);
});

t.test('on a small terminal what is least needed goes first', async (t) => {
  const model = record({ event: 'connected', ...place }, forward, {
    event: 'url-file-failed',
    reason: 'no room',
  });
  for (let index = 0; index < 20; index++) model.request({ ...request, path: `/${index}` });
  t.equal(lines(model).filter((line) => line.includes(' GET ')).length, 8);
  const small = lines(model, { rows: 8 });
  t.match(small.join('\n'), /\/19\n[^]*no room/);
  t.notMatch(small.join('\n'), '/16');
  t.match(lines(model, { rows: 4 }).join('\n'), 'web--pr-1');
  t.equal(lines(model, { rows: 2 }).length, 1);
  t.equal(lines(model, { rows: 1 }).length, 1);
});

t.test('whatever is in it, it fits, and nothing in it reaches the terminal as a command', async () => {
  const hostile = fc.string({ unit: 'grapheme', maxLength: 120 });
  const columns = fc.integer({ min: 20, max: 200 });
  fc.assert(
    fc.property(hostile, columns, fc.integer({ min: 4, max: 40 }), (text, width, height) => {
      const model = record(
        { event: 'connected', server: 'https://gw', env: text },
        { ...forward, target: text },
        { event: 'forward-refused', ...web, service: 'x', reason: `\u001b[2J${text}` },
        { event: 'container-skipped', container: text, reason: text },
      );
      const { text: drawn, rows } = renderFrame(model, { ...size, columns: width, rows: height });
      const used = drawn
        .split('\r\n')
        .reduce((sum, line) => sum + Math.max(1, Math.ceil(displayWidth(line) / width)), 0);
      return !/(?!\r\n)[\p{Cc}]/u.test(drawn.replaceAll('\r\n', '')) && used === rows && rows < height;
    }),
  );
});
