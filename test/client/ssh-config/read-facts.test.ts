import t from 'tap';
import { readSshConfigFacts } from '../../../client/ssh-config/read-facts.ts';
import { sshConfigFacts, targetFacts, targetId } from '../../support/ssh-config-facts.ts';

t.test('what the gateway says is read back', (t) => {
  const facts = sshConfigFacts({
    profiles: [
      { name: 'p', target: targetId, osUser: 'root', identityFile: '~/k' },
      { name: 'q', target: targetId },
    ],
    profile: 'p',
    environments: [{ env: 'pr-42', services: [{ service: 'db', port: 5432 }, {}] }],
  });
  t.same(readSshConfigFacts(JSON.stringify(facts)), { ok: true, value: facts });
  t.end();
});

t.test('and nothing else is', (t) => {
  const good = sshConfigFacts({ targets: [targetFacts()] });
  const bad: unknown[] = [
    'x',
    null,
    [],
    {},
    { ...good, gate: { ...good.gate, port: '443' } },
    { ...good, gate: null },
    { ...good, targets: {} },
    { ...good, targets: [null] },
    { ...good, targets: [{ ...targetFacts(), id: 1 }] },
    { ...good, targets: [{ ...targetFacts(), hostKeys: [1] }] },
    { ...good, profiles: [{ name: 'x' }] },
    { ...good, environments: [{ env: 'x' }] },
  ];
  for (const each of bad)
    t.match(readSshConfigFacts(JSON.stringify(each)), { ok: false, problem: /not understood/ });
  t.notOk(readSshConfigFacts('{').ok);
  const { osUsers: _none, ...older } = targetFacts();
  t.match(readSshConfigFacts(JSON.stringify({ gate: good.gate, targets: [older] })), {
    ok: true,
    value: { targets: [{ osUsers: [] }] },
  });
  t.end();
});
