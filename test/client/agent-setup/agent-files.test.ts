import t from 'tap';
import { planAgent, type AgentWish } from '../../../client/agent-setup/agent-files.ts';

const wish: AgentWish = {
  dir: '/etc/ssh/porthole',
  targetId: '11111111-2222-3333-4444-555555555555',
  osUsers: ['dev', 'ops'],
  longestCertificateMs: undefined,
  ca: 'ssh-ed25519 AAAA machines',
  sshdConfig: '/etc/ssh/sshd_config',
  dropIn: '/etc/ssh/sshd_config.d/60-porthole.conf',
  maxStartups: '100:30:200',
  exemptsLoopback: false,
};

t.test('a file for each user, where users are all that is limited', async (t) => {
  const { files, dropIn, script, settings } = planAgent(wish);
  t.equal(script, undefined);
  t.same(
    files.map(({ path, mode }) => [path, mode]),
    ['machine_ca.pub', 'principals/dev', 'principals/ops'].map((name) => [
      `/etc/ssh/porthole/${name}`,
      0o644,
    ]),
  );
  t.equal(files[1]?.text, `vm:${wish.targetId}/dev\n`);
  t.same(
    dropIn.text.split('\n').filter((line) => /^[A-Z]/.test(line)),
    [
      'TrustedUserCAKeys /etc/ssh/porthole/machine_ca.pub',
      'AuthorizedPrincipalsFile /etc/ssh/porthole/principals/%u',
      'AuthorizedPrincipalsCommand none',
      'MaxStartups 100:30:200',
    ],
  );
  t.equal(settings.get('authorizedprincipalscommand'), 'none');
});

t.test(
  'a program that is asked, and no file that could say otherwise, where life is limited, or no user',
  async (t) => {
    const short = planAgent({
      ...wish,
      longestCertificateMs: 300_000,
      maxStartups: undefined,
      exemptsLoopback: true,
    });
    t.equal(short.script, '/etc/ssh/porthole/principals-command');
    t.match(short.files.at(-1), { mode: 0o755, text: /longest='300'/ });
    t.match(short.files.at(-1)?.text, /users='\/etc\/ssh\/porthole\/principals'/);
    t.match(short.dropIn.text, /^AuthorizedPrincipalsFile none$/m);
    t.match(short.dropIn.text, /^AuthorizedPrincipalsCommand .*principals-command %u %t %k$/m);
    t.match(short.dropIn.text, /^AuthorizedPrincipalsCommandUser nobody$/m);
    t.match(short.dropIn.text, /^PerSourcePenaltyExemptList 127/m);
    t.notMatch(short.dropIn.text, /MaxStartups/);
    const any = planAgent({ ...wish, osUsers: [] });
    t.match(any.files.at(-1)?.text, /users=''\nlongest=''/);
  },
);
