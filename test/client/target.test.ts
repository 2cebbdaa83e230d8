import fc from 'fast-check';
import t from 'tap';
import { forwardKey, parseForward } from '../../core/forward.ts';
import { formatTarget, forwardRequest, offerName, parseOffer, parseOffers } from '../../client/target.ts';

const loopback = ['127.0.0.1', '::1'];

t.test('the grammar of an offer', async (t) => {
  const cases: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    '3000': { service: undefined, port: undefined, target: { kind: 'tcp', hosts: loopback, port: 3000 } },
    'localhost:3000': { target: { kind: 'tcp', hosts: loopback, port: 3000 } },
    '127.0.0.1:3000': { target: { kind: 'tcp', hosts: ['127.0.0.1'], port: 3000 } },
    'db.internal:5432': { target: { kind: 'tcp', hosts: ['db.internal'], port: 5432 } },
    '[::1]:3000': { target: { kind: 'tcp', hosts: ['::1'], port: 3000 } },
    'unix:/run/app.sock': { target: { kind: 'unix', path: '/run/app.sock' } },
    'unix:/run/a=b.sock': { service: undefined, target: { kind: 'unix', path: '/run/a=b.sock' } },
    'web=3000': { service: 'web', port: undefined },
    'Feature/x=3000': { bad: true },
    'My_Service=3000': { service: 'My_Service' },
    'api:8080=127.0.0.1:8081': {
      service: 'api',
      port: 8080,
      target: { kind: 'tcp', hosts: ['127.0.0.1'], port: 8081 },
    },
    '8080=3000': { service: undefined, port: 8080 },
    'db=unix:/run/db.sock': { service: 'db', target: { kind: 'unix', path: '/run/db.sock' } },
    'web=3000?access=public&scheme=https': {
      words: ['access=public', 'scheme=https'],
      options: { access: 'public', scheme: 'https' },
    },
    '3000?host=app.test:8080': { words: ['host=app.test:8080'] },
    '3000?': { words: [] },
  };
  for (const [text, wanted] of Object.entries(cases)) {
    if (wanted['bad'] === true) t.match(parseOffer(text), { ok: false }, text);
    else t.match(parseOffer(text), { ok: true, value: wanted }, text);
  }
});

t.test('what is no offer is refused with the reason', async (t) => {
  const wrong: Readonly<Record<string, RegExp>> = {
    '': /port/,
    'web=': /port/,
    '=3000': /empty/,
    ':80=3000': /empty/,
    'web:=3000': /not a port/,
    'web:0=3000': /not a port/,
    'web:80:1=3000': /not a port/,
    '0=3000': /not a port/,
    '8080:1=3000': /digits/,
    'a b=3000': /service name/,
    host: /port/,
    'host:0': /port/,
    'host:65536': /port/,
    '65536': /port/,
    '-1': /port/,
    '::1:3000': /target/,
    '[::1]': /target/,
    '[nonsense]:3000': /IPv6/,
    'unix:relative': /absolute/,
    'unix:': /absolute/,
    'http://localhost:3000': /HOST:PORT/,
    'https://localhost:3000': /scheme=https/,
    '3000?colour=red': /unknown option/,
    '3000?access': /no value/,
    '3000?access=everybody': /access/,
    '3000?access=public&access=team': /twice/,
  };
  for (const [text, problem] of Object.entries(wrong))
    t.match(parseOffer(text), { ok: false, problem }, JSON.stringify(text));
});

t.test('options in common are those that an offer does not set itself', async (t) => {
  const parsed = parseOffer('web=3000?access=team', ['access=public', 'ttl=2h']);
  t.match(parsed, {
    ok: true,
    value: { words: ['access=team', 'ttl=2h'], options: { access: 'team', ttlMs: 7_200_000 } },
  });
  t.match(parseOffer('3000', ['ttl=forever']), { ok: false });
});

t.test('two offers for one name are a mistake', async (t) => {
  t.match(parseOffers(['web=3000', 'web=4000']), { ok: false, problem: /twice/ });
  t.match(parseOffers(['3000', '4000']), { ok: false, problem: /default service/ });
  t.match(parseOffers(['web=3000', 'web:8080=4000', '8080=1']), { ok: true });
  t.match(parseOffers(['web=3000', 'nonsense']), { ok: false });
});

const serviceName = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9._-]{0,20}$/);
const port = fc.integer({ min: 1, max: 65535 });

t.test('the gateway reads the forward as it was meant', async () => {
  const host = fc.constantFrom('keep', 'localhost', 'app.test:8080', '[::1]:80');
  const words = fc.record(
    { access: fc.constantFrom('public', 'private', 'team'), host, scheme: fc.constantFrom('http', 'https') },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      fc.option(serviceName, { nil: undefined }),
      fc.option(port, { nil: undefined }),
      words,
      (service, port, options) => {
        const offer = {
          service,
          port,
          words: Object.entries(options).map(([name, value]) => `${name}=${value}`),
        };
        const parsed = parseForward(forwardRequest(offer));
        const defaultPorts = [80, 443, ...(service === 'ssh' ? [22] : [])];
        const meant = port !== undefined && defaultPorts.includes(port) ? undefined : port;
        return (
          parsed.ok &&
          parsed.value.service === service &&
          parsed.value.port === meant &&
          JSON.stringify(parsed.value.options) === JSON.stringify(options)
        );
      },
    ),
  );
});

t.test('names and targets are written as they are read', async (t) => {
  fc.assert(
    fc.property(
      serviceName,
      port,
      fc.oneof(fc.ipV4(), fc.constant('app.internal')),
      port,
      (service, named, host, local) => {
        const parsed = parseOffer(`${service}:${named}=${host}:${local}`);
        return (
          parsed.ok &&
          offerName(parsed.value) === `${service}:${named}` &&
          formatTarget(parsed.value.target) === `${host}:${local}`
        );
      },
    ),
  );
  const unix = parseOffer('unix:/run/x');
  t.equal(unix.ok && formatTarget(unix.value.target), 'unix:/run/x');
  t.equal(unix.ok && offerName(unix.value), '');
});

t.test('the path is readable where it can be, and escaped where it must be', async (t) => {
  const key = (words: string[]): string =>
    forwardKey(forwardRequest({ service: 'web', port: undefined, words }));
  t.equal(key(['host=app.test:8080']), '/web?host=app.test:8080');
  t.equal(key(['host=a&b#c%']), '/web?host=a%26b%23c%25');
});

t.test('never throws', async () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => typeof parseOffer(text).ok === 'boolean'));
});
