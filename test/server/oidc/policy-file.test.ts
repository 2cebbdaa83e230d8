import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { PolicyFile } from '../../../server/oidc/policy-file.ts';
import { createLog } from '../../support/log-lines.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { until } from '../../support/until.ts';

const policy = (name: string): string =>
  `[[policy]]\nname = "${name}"\nissuer = "https://ci.test"\nclaims = { a = "b" }\nenv = ["pr-*"]\n`;

t.test('read at the start, and again when it changes', async (t) => {
  const { log, lines } = createLog();
  const path = join(scratchDir(t), 'policy.toml');
  writeFileSync(path, policy('one'));
  const file = new PolicyFile({ path, audience: 'https://gw.test', log, pollMs: 5, settleMs: 5 });
  t.teardown(() => file.close());
  const names = (): string[] => file.policies.map(({ name }) => name);
  t.same(names(), ['one']);
  t.equal(file.policies[0]?.audience, 'https://gw.test');
  writeFileSync(path, policy('one') + policy('two'));
  await until('the file is read', () => names().length === 2);
  writeFileSync(path, `${policy('one')}oops = 1\n`);
  await until('the file is read', () => names().length === 0);
  const told = (): readonly unknown[] => lines.filter(({ level }) => level === 'error');
  t.match(told(), [{ path, problems: [/^line 6: policy "one": oops: unknown key/] }]);
  writeFileSync(path, policy('three'));
  await until('the file is read', () => names()[0] === 'three');
  rmSync(path);
  await until('the file is read', () => names().length === 0);
  t.match(told()[1], { problems: [/no such file/] });
});

t.test('one that cannot be used ends the start, with everything that is wrong', async (t) => {
  const { log } = createLog();
  const path = join(scratchDir(t), 'policy.toml');
  const open = (): unknown => new PolicyFile({ path, audience: 'https://gw.test', log });
  t.throws(open, { code: 'ERR_CONFIG', message: /policy\.toml.*\n.*no such file/ });
  writeFileSync(path, policy('').replace('pr-*', ''));
  t.throws(open, { code: 'ERR_CONFIG', message: /line 2: .*name[^]*line 5: .*env/ });
  t.throws(() => new PolicyFile({ path: scratchDir(t), audience: 'x', log }), { code: 'ERR_CONFIG' });
});
