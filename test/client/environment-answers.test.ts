import fc from 'fast-check';
import t from 'tap';
import { parseEnvironment, parseEnvironments } from '../../client/environment-answers.ts';

const environment = {
  env: 'pr-1',
  owner: 'me',
  state: 'ready',
  since: '2026-01-01T12:00:00.000Z',
  lastSeen: '2026-01-01T12:00:00.000Z',
  services: [{ service: null, port: null, url: 'https://pr-1.x/', access: 'public', state: 'ready' }],
  tunnels: [{ id: 'a', remote: '10.0.0.1', since: '2026-01-01T12:00:00.000Z', roundTripMs: null }],
};

t.test('an environment', (t) => {
  t.match(parseEnvironment(JSON.stringify(environment)), {
    env: 'pr-1',
    since: Date.UTC(2026, 0, 1, 12),
    services: [{ url: 'https://pr-1.x/' }],
    tunnels: [{ roundTripMs: null, draining: false, forwards: 0 }],
  });
  const all = { env: 'x', environments: [environment], new: true };
  t.match(parseEnvironments(JSON.stringify(all)), { environments: [{ env: 'pr-1' }], moreEnvironments: 0 });
  t.end();
});

t.test('what the gateway says is fit for a terminal', (t) => {
  const told = parseEnvironment(JSON.stringify({ ...environment, state: 'rea\u001b[2Jdy\n' }));
  t.equal(told?.state, 'rea?[2Jdy');
  const services = [{ ...environment.services[0], url: 'javascript:alert(1)' }];
  t.equal(parseEnvironment(JSON.stringify({ ...environment, services })), undefined);
  t.end();
});

t.test('anything else is no answer', (t) => {
  for (const text of ['', 'what?', '[]', 'null', '{"env":"pr-1"}', '{"env":1,"environments":[]}']) {
    t.equal(parseEnvironment(text), undefined, text);
    t.equal(parseEnvironments(text), undefined, text);
  }
  fc.assert(
    fc.property(fc.json(), (text) => {
      t.equal(parseEnvironment(text), undefined);
    }),
  );
  t.end();
});
