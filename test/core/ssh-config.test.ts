import fc from 'fast-check';
import t from 'tap';
import type { SshConfigFacts } from '../../core/ssh-config-facts.ts';
import { gateAlias, sshConfig, sshConfigKnownHosts, type SshConfigOptions } from '../../core/ssh-config.ts';
import {
  otherTargetId,
  gateKey,
  sshConfigFacts,
  targetFacts,
  targetId,
  targetKey,
} from '../support/ssh-config-facts.ts';

function written(
  facts: SshConfigFacts,
  options?: SshConfigOptions,
): { text: string; warnings: readonly string[] } {
  const config = sshConfig(facts, options);
  if (!config.ok) throw new Error(config.problem);
  return { text: `${config.value.lines.join('\n')}\n`, warnings: config.value.warnings };
}

t.test('a gate and a machine, with nothing but the facts', (t) => {
  const { text, warnings } = written(sshConfigFacts());
  t.same(warnings, []);
  t.equal(
    text,
    `# Made by Porthole: machines behind preview.example.com, for OpenSSH 8.5 and later.
# Such as: ssh -F THIS_FILE pr-42

Host porthole-gate
  HostName preview.example.com
  Port 443
  User default
  PreferredAuthentications publickey
  ForwardAgent no
  ServerAliveInterval 15
  HostKeyAlias porthole-gate
  StrictHostKeyChecking yes
  VerifyHostKeyDNS no
  UpdateHostKeys no
  CheckHostIP no
  GlobalKnownHostsFile /dev/null
  UserKnownHostsFile "/dev/null"
  KnownHostsCommand /usr/bin/env printf '%%s\\n' 'porthole-gate ${gateKey}'

Host pr-42 ${targetId}
  HostName ${targetId}
  Port 22
  User dev
  ProxyJump porthole-gate
  ServerAliveInterval 15
  HostKeyAlias ${targetId}
  StrictHostKeyChecking yes
  VerifyHostKeyDNS no
  UpdateHostKeys no
  CheckHostIP no
  GlobalKnownHostsFile /dev/null
  UserKnownHostsFile "/dev/null"
  KnownHostsCommand /usr/bin/env printf '%%s\\n' '${targetId} ${targetKey}'
`,
  );
  t.end();
});

t.test('known hosts beside the file', (t) => {
  const facts = sshConfigFacts({ targets: [targetFacts({ hostKeys: [targetKey, gateKey] })] });
  const { text } = written(facts, { knownHostsFile: '/home/ana/.ssh/porthole/known_hosts' });
  t.notMatch(text, 'KnownHostsCommand');
  t.equal(text.match(/UserKnownHostsFile "\/home\/ana\/.ssh\/porthole\/known_hosts"/g)?.length, 2);
  t.same(sshConfigKnownHosts(facts), [
    `${gateAlias} ${gateKey}`,
    `${targetId} ${targetKey}`,
    `${targetId} ${gateKey}`,
  ]);
  t.end();
});

t.test('the key, the profile, and the path of the file', (t) => {
  const profiles = [
    { name: 'deploy', target: targetId, osUser: 'deploy', identityFile: '~/.ssh/deploy key' },
    { name: 'me', target: otherTargetId },
  ];
  const facts = sshConfigFacts({ profiles, profile: 'deploy' });
  const { text } = written(facts, { identityFile: '/k/id', configFile: "/home/o'neil/my config" });
  t.match(text, /Host porthole-gate\n(?: {2}.*\n)* {2}IdentityFile "\/k\/id"\n {2}IdentitiesOnly yes\n/);
  t.match(text, `Host pr-42 deploy ${targetId}\n`);
  t.match(text, '  User deploy\n');
  t.match(text, '  IdentityFile "~/.ssh/deploy key"\n');
  t.match(text, `  ProxyCommand ssh -F '/home/o'\\''neil/my config' -W '[%h]:%p' porthole-gate\n`);
  t.notMatch(text, 'Host me');

  const other = written({ ...sshConfigFacts({ profiles }), profile: 'nobody' }).text;
  t.match(other, `Host pr-42 ${targetId}\n`);
  t.match(other, `Host deploy\n  HostName ${targetId}\n`, 'other profiles have blocks of their own');
  t.end();
});

t.test('SSH in TLS', (t) => {
  const { text } = written(sshConfigFacts(), { tls: { caFile: '/etc/100% ours.pem' } });
  t.match(
    text,
    "  ProxyCommand openssl s_client -quiet -verify_quiet -verify_return_error -alpn ssh -verify_hostname preview.example.com -servername preview.example.com -connect preview.example.com:443 -CAfile '/etc/100%% ours.pem'\n",
  );
  const gate = { ...sshConfigFacts().gate, host: '2001:db8::1' };
  t.match(
    written(sshConfigFacts({ gate }), { tls: {} }).text,
    '-verify_ip 2001:db8::1 -noservername -connect',
  );
  t.match(sshConfig(sshConfigFacts(), { tls: { caFile: 'a\nb' } }), {
    ok: false,
    problem: /control characters/,
  });
  t.end();
});

t.test('a name that means something else already is not taken', (t) => {
  const named = (name: string, id: string) => targetFacts({ name, aliases: [name], id, env: name });
  const facts = sshConfigFacts({
    targets: [named('porthole-gate', targetId), named('bastion', otherTargetId)],
    profiles: [{ name: 'Bastion', target: otherTargetId }],
  });
  const { text, warnings } = written(facts, { taken: new Set(['BASTION']) });
  t.match(text, `Host ${targetId}\n`);
  t.match(text, `Host ${otherTargetId}\n`);
  t.equal(text.match(/^Host /gm)?.length, 3);
  t.equal(warnings.length, 3);
  t.match(written(sshConfigFacts({ targets: [] })).text, '# There is no machine that you may reach.');
  t.end();
});

t.test('the name of an environment comes after those of targets and profiles', (t) => {
  const facts = sshConfigFacts({
    targets: [
      targetFacts({ name: 'pr-42-2', aliases: ['pr-42-2', 'pr-42'] }),
      targetFacts({ id: otherTargetId, name: 'pr-42', aliases: ['pr-42'], env: 'old' }),
    ],
  });
  const { text } = written(facts);
  t.match(text, `Host pr-42-2 ${targetId}\n`);
  t.match(text, `Host pr-42 ${otherTargetId}\n`);
  t.end();
});

t.test('host keys that changed, or that nobody knows, are told, and nothing is trusted for it', (t) => {
  const changed = written(sshConfigFacts({ targets: [targetFacts({ unconfirmed: true })] }));
  t.match(changed.text, `# WARNING: the host keys of ${targetId} have changed.`);
  t.match(changed.text, `'${targetId} ${targetKey}'`, 'the old pins stay');
  t.match(changed.warnings, [/^WARNING: .*porthole target trust/]);
  const none = written(sshConfigFacts({ targets: [targetFacts({ hostKeys: [] })] }));
  t.match(none.text, `# No host key of ${targetId} is known`);
  t.match(none.warnings, [/no host key/]);
  for (const { text } of [changed, none]) {
    t.equal(text.match(/StrictHostKeyChecking yes/g)?.length, 2);
    t.notMatch(text, 'StrictHostKeyChecking no');
  }
  t.end();
});

t.test('certificates', (t) => {
  const target = targetFacts({ takesCertificates: true });
  const facts = sshConfigFacts({ targets: [target] });
  t.match(
    written(facts, { certificates: (_target, osUser) => [{ file: `/c/${osUser ?? ''}-cert.pub` }] }).text,
    '  CertificateFile "/c/dev-cert.pub"\n',
  );
  const refreshed = { osUser: 'dev', command: "'/opt/my porthole' ssh-config 100%" };
  const certificates = () => [{ file: '/c/x', refreshed }];
  const profiles = [{ name: 'same', target: targetId }];
  const { text } = written({ ...facts, profiles }, { certificates });
  t.equal(
    text.split(
      `Match host ${targetId} user dev exec "'/opt/my porthole' ssh-config 100%%"\n  CertificateFile "/c/x"\n`,
    ).length,
    2,
    'once, though two names lead there',
  );
  t.notMatch(written(sshConfigFacts(), { certificates }).text, 'Match', 'only where they are taken');
  const left = written(facts, {
    certificates: () => [{ file: '/c/x', refreshed: { osUser: 'dev', command: 'a "b"' } }],
  });
  t.match(left.text, /# pr-42 is left out: the command/);
  t.match(left.warnings, [/left out/]);
  for (const bad of [{ file: 'a"b' }, { file: '/c', refreshed: { osUser: '-x', command: 'y' } }])
    t.match(written(facts, { certificates: () => [bad] }).text, '# pr-42 is left out');
  t.end();
});

t.test('what cannot be written is refused with words', (t) => {
  const gate = sshConfigFacts().gate;
  const bad = [
    { ...gate, host: '-oProxyCommand=x' },
    { ...gate, name: 'a b' },
    { ...gate, port: 0 },
    { ...gate, port: 1.5 },
    { ...gate, hostKeys: ['nonsense'] },
  ];
  for (const each of bad) t.match(sshConfig(sshConfigFacts({ gate: each })), { ok: false, problem: /gate/ });
  t.match(sshConfig(sshConfigFacts(), { identityFile: 'a"b' }), { ok: false, problem: /a quote/ });
  t.match(sshConfig(sshConfigFacts(), { knownHostsFile: '$'.concat('{X}') }), {
    ok: false,
    problem: /expanded/,
  });
  const targets = [
    targetFacts({ id: 'nope' }),
    targetFacts({ osUsers: ['a b'] }),
    targetFacts({ osUser: 'a b' }),
  ];
  const { text, warnings } = written(
    sshConfigFacts({ targets, profiles: [{ name: 'p', target: targetId, identityFile: 'x"' }] }),
    {
      configFile: '/a\nb',
    },
  );
  t.notMatch(text, '\nb');
  t.equal(text.match(/^Host /gm)?.length, 1);
  t.ok(warnings.length >= 4);
  t.end();
});

/** Every line that there may be. */
const shapes = [
  /^$/,
  /^# [^\p{C}]*$/u,
  /^Host [A-Za-z0-9][A-Za-z0-9._-]*(?: [A-Za-z0-9][A-Za-z0-9._-]*)*$/,
  /^Match host [0-9a-f-]{36} user [\w][\w.@+-]* exec "[^"\\\p{C}]*"$/u,
  /^ {2}(?:HostName|HostKeyAlias) [A-Za-z0-9._:-]+$/,
  /^ {2}(?:Port|ServerAliveInterval) \d+$/,
  /^ {2}User [\w][\w.@+-]*$/,
  /^ {2}ProxyJump porthole-gate$/,
  /^ {2}ProxyCommand (?:openssl s_client|ssh -F) [^\p{C}]+$/u,
  /^ {2}PreferredAuthentications publickey$/,
  /^ {2}(?:StrictHostKeyChecking|IdentitiesOnly) yes$/,
  /^ {2}(?:ForwardAgent|VerifyHostKeyDNS|UpdateHostKeys|CheckHostIP) no$/,
  /^ {2}GlobalKnownHostsFile \/dev\/null$/,
  /^ {2}(?:UserKnownHostsFile|IdentityFile|CertificateFile) "[^"\p{C}]+"$/u,
  /^ {2}KnownHostsCommand \/usr\/bin\/env printf '%%s\\n'(?: '[a-z0-9-]+ [a-z0-9@.-]+ [A-Za-z0-9+/]+={0,2}')+$/,
];

t.test('whatever anybody calls anything, every line is one of the known shapes', (t) => {
  const nasty = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom(
      'a\nProxyCommand x',
      'a b',
      '%h',
      '$'.concat('{HOME}'),
      '-oX=y',
      '"',
      "'",
      '#',
      '\\',
      'x=y',
      '*',
      '!x',
      'root',
      'pr-1',
      '/k',
    ),
  );
  const id = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(targetId, otherTargetId) },
    { weight: 1, arbitrary: nasty },
  );
  const hostKeys = fc.array(fc.oneof(fc.constant(targetKey), nasty), { maxLength: 3 });
  const target = fc.record(
    {
      id,
      name: nasty,
      aliases: fc.array(nasty, { maxLength: 3 }),
      env: nasty,
      osUser: nasty,
      hostKeys,
      unconfirmed: fc.boolean(),
      takesCertificates: fc.boolean(),
      osUsers: fc.array(nasty, { maxLength: 1 }),
    },
    {
      requiredKeys: [
        'id',
        'name',
        'aliases',
        'env',
        'hostKeys',
        'unconfirmed',
        'takesCertificates',
        'osUsers',
      ],
    },
  );
  const profile = fc.record(
    { name: nasty, target: id, osUser: nasty, identityFile: nasty },
    { requiredKeys: ['name', 'target'] },
  );
  const gate = fc.record({
    name: fc.oneof(fc.constant('default'), nasty),
    host: fc.oneof(fc.constant('gw.example'), nasty),
    port: fc.oneof(fc.constant(443), fc.double()),
    ownAddress: fc.boolean(),
    hostKeys: fc.oneof(fc.constant([gateKey]), hostKeys),
  });
  const options = fc.record(
    {
      identityFile: nasty,
      knownHostsFile: nasty,
      configFile: nasty,
      tls: fc.record({ caFile: nasty }),
      file: nasty,
      command: nasty,
      osUser: nasty,
    },
    { requiredKeys: ['file', 'command', 'osUser'] },
  );
  fc.assert(
    fc.property(
      gate,
      fc.array(target, { maxLength: 3 }),
      fc.array(profile, { maxLength: 2 }),
      options,
      (gate, targets, profiles, given) => {
        const { file, command, osUser, ...rest } = given;
        const facts = { gate, targets, profiles, profile: profiles[0]?.name ?? 'x', environments: [] };
        const certificates = () => [{ file }, { file, refreshed: { osUser, command } }];
        const config = sshConfig(facts, { ...rest, certificates });
        if (!config.ok) return !/\p{C}/u.test(config.problem);
        return config.value.lines.every((line) => shapes.some((shape) => shape.test(line)));
      },
    ),
    { numRuns: 2000 },
  );
  t.end();
});
