import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { curl, startCurl } from '../support/curl.ts';
import { startGateway } from '../support/gateway-with-key.ts';
import { fileBody, startHttpApp } from '../support/http-app.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { offer } from '../support/stock-ssh.ts';
import { until } from '../support/until.ts';

const server = await startGateway(t, ['--access', 'public']);
const { gateway } = server;
const app = await startHttpApp(t);
await offer(t, server, { env: 'pr-1', args: ['-R', `80:127.0.0.1:${String(app.port)}`] });
const origin = `https://pr-1.localhost:${String(gateway.port)}`;

const upload = randomBytes(3_000_000);
const uploadFile = join(scratchDir(t), 'upload');
writeFileSync(uploadFile, upload);
const sha256 = createHash('sha256').update(upload).digest('hex');

for (const [flag, version] of [
  ['--http1.1', '1.1'],
  ['--http2', '2'],
] as const) {
  t.test(`curl over HTTP/${version}`, async (t) => {
    t.test('GET', async (t) => {
      const answer = await curl(t, gateway, [flag, `${origin}/some%20path?a=1&a=%2F`]);
      t.match(answer, { status: 200, version, body: 'GET /some%20path?a=1&a=%2F\n', exitCode: 0 });
      t.match(answer.heads, /^x-robots-tag: noindex$/im);
    });

    t.test('a file comes whole, and by ranges', async (t) => {
      const whole = await curl(t, gateway, [flag, `${origin}/file`]);
      t.equal(whole.body, fileBody.toString('latin1'));
      const part = await curl(t, gateway, [flag, '--range', '1000-1999', `${origin}/file`]);
      t.match(part, { status: 206, body: fileBody.subarray(1000, 2000).toString('latin1') });
      t.match(part.heads, /^content-range: bytes 1000-1999\/100000$/im);
    });

    t.test('HEAD has the length of the file and no body', async (t) => {
      const answer = await curl(t, gateway, [flag, '--head', `${origin}/file`]);
      t.match(answer, { status: 200, exitCode: 0 });
      t.match(answer.heads, /^content-length: 100000$/im);
    });

    t.test('an upload of known length, after 100-continue', async (t) => {
      const answer = await curl(t, gateway, [
        ...[flag, '--upload-file', uploadFile, '--header', 'Expect: 100-continue'],
        ...['--expect100-timeout', '50', `${origin}/digest`],
      ]);
      t.match(answer, { status: 200, exitCode: 0 });
      t.same(JSON.parse(answer.body), { method: 'PUT', bytes: upload.length, framing: 'length', sha256 });
      if (version === '1.1') t.match(answer.heads, /^HTTP\/1\.1 100 Continue$/m);
    });

    t.test('an upload that the app does not want is not sent', async (t) => {
      const answer = await curl(t, gateway, [
        ...[flag, '--upload-file', uploadFile, '--header', 'Expect: 100-continue'],
        ...['--expect100-timeout', '50', `${origin}/too-large`],
      ]);
      t.match(answer, { status: 413, body: 'too large\n' });
      t.notMatch(answer.heads, /100 Continue/);
    });

    t.test('an upload of unknown length', async (t) => {
      const args = [flag, '--request', 'POST', '--upload-file', '-', `${origin}/digest`];
      const program = startCurl(t, gateway, args);
      program.child.stdin.end(upload);
      t.same(await program.exit, { code: 0, signal: null });
      t.match(JSON.parse(program.stdout), {
        method: 'POST',
        bytes: upload.length,
        framing: 'chunked',
        sha256,
      });
    });

    t.test('trailers pass', async (t) => {
      const answer = await curl(t, gateway, [flag, `${origin}/trailers`]);
      t.match(answer, { status: 200, body: 'body\n', exitCode: 0 });
      t.match(answer.heads, /^x-checksum: abc123$/im);
    });

    t.test('interim answers pass', async (t) => {
      const answer = await curl(t, gateway, [flag, `${origin}/early-hints`]);
      t.match(answer, { status: 200, body: 'hinted\n', exitCode: 0 });
      t.match(answer.heads, /^HTTP\/\S+ 103.*\nlink: <\/style\.css>/im);
    });

    t.test('server-sent events arrive one by one, at once', async (t) => {
      const reader = startCurl(t, gateway, [flag, '--no-buffer', `${origin}/events`]);
      await reader.said(/: welcome/);
      for (const text of ['one', 'two', 'three']) {
        app.say(text);
        await reader.said(new RegExp(`^data: ${text}$`, 'm'));
      }
      reader.kill();
      const isOurs = (fields: Readonly<Record<string, unknown>>): boolean =>
        fields['path'] === '/events' && fields['aborted'] === true;
      await until('the request is over', () => gateway.lines.some((line) => isOurs(line)));
    });

    t.test('an app that is not there is told', async (t) => {
      const answer = await curl(t, gateway, [flag, `https://web--pr-1.localhost:${String(gateway.port)}/`]);
      t.equal(answer.status, 404);
      t.match(answer.heads, /^porthole-error: ERR_SERVICE_UNKNOWN$/im);
    });
  });
}

t.test('many requests of one curl share a connection, and their bodies keep apart', async (t) => {
  const urls = Array.from({ length: 20 }, (_each, index) => `${origin}/number-${String(index)}`);
  for (const flag of ['--http1.1', '--http2']) {
    const parallel = flag === '--http2' ? ['--parallel'] : [];
    const answer = await curl(t, gateway, [flag, ...parallel, ...urls]);
    const lines = answer.body.trimEnd().split('\n').sort();
    t.same(lines, urls.map((url) => `GET ${new URL(url).pathname}`).sort());
  }
});

t.test('plain HTTP is sent on to HTTPS, with its method', async (t) => {
  const plain = origin.replace('https:', 'http:');
  const first = await curl(t, gateway, [`${plain}/some/path?q=1`]);
  t.equal(first.status, 308);
  t.match(first.heads, new RegExp(`^location: ${origin}/some/path\\?q=1$`, 'im'));
  const followed = await curl(t, gateway, ['--location', '--data', 'x', `${plain}/some/path`]);
  t.match(followed, { status: 200, body: 'POST /some/path\n' });
});
