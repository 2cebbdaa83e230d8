import t from 'tap';
import { sshConfigHosts } from '../../core/ssh-config-hosts.ts';
import { otherTargetId, sshConfigFacts, targetFacts, targetId } from '../support/ssh-config-facts.ts';

t.test('each target once, then the profiles', (t) => {
  const facts = sshConfigFacts({
    targets: [
      targetFacts(),
      targetFacts({ id: otherTargetId, name: 'b', aliases: ['b', 'pr-9'], env: 'pr-9' }),
    ],
    profiles: [
      { name: 'asked', target: targetId, osUser: 'root', identityFile: '/k' },
      { name: 'more', target: otherTargetId },
      { name: 'gone', target: 'elsewhere' },
    ],
    profile: 'asked',
  });
  const { hosts, warnings } = sshConfigHosts(facts, new Set());
  t.same(warnings, []);
  t.match(hosts, [
    { aliases: ['pr-42', 'asked'], osUser: 'root', identityFile: '/k', isProfile: false },
    { aliases: ['b', 'pr-9'], osUser: 'dev', identityFile: undefined, isProfile: false },
    { aliases: ['more'], osUser: 'dev', isProfile: true },
  ]);
  t.equal(hosts.length, 3);
  t.end();
});

t.test('nobody gets a name that is no name, or is taken', (t) => {
  const facts = sshConfigFacts({ targets: [targetFacts({ aliases: ['*', 'taken', 'free'] })] });
  const { hosts, warnings } = sshConfigHosts(facts, new Set(['Taken']));
  t.same(hosts[0]?.aliases, ['free']);
  t.equal(warnings.length, 2);
  t.end();
});
