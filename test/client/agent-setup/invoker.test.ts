import { chownSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { actingAs, invokerOf } from '../../../client/agent-setup/invoker.ts';
import { scratchDir } from '../../support/scratch-dir.ts';

t.test('whoever became root with sudo', async (t) => {
  const passwd = join(scratchDir(t), 'passwd');
  writeFileSync(
    passwd,
    'root:x:0:0::/root:/bin/sh\ndev:x:1000:1001:Dev,,:/home/dev:/bin/sh\nodd:x:7:7::relative:/x\n',
  );
  const of = (user: string | undefined, uid: number | undefined = 0): unknown =>
    invokerOf({ env: { SUDO_USER: user } }, { uid, passwd });
  t.same(of('dev'), { home: '/home/dev', uid: 1000, gid: 1001 });
  t.equal(of('dev', 1000), undefined, 'nobody is root');
  for (const user of [undefined, '', 'root', 'nobody-known', 'odd']) t.equal(of(user), undefined);
  t.equal(invokerOf({ env: {} }), undefined);
});

t.test('what is made for them is theirs, and they get no further than they could', async (t) => {
  const home = scratchDir(t);
  const nobody = { home, uid: 65_534, gid: 65_534 };
  chownSync(home, nobody.uid, nobody.gid);
  const path = join(home, 'a', 'file');
  actingAs(nobody, () => {
    mkdirSync(join(home, 'a'));
    writeFileSync(path, '');
  });
  t.match(statSync(path), { uid: nobody.uid, gid: nobody.gid });
  const others = scratchDir(t);
  symlinkSync(others, join(home, 'link'));
  t.throws(() => actingAs(nobody, () => writeFileSync(join(home, 'link', 'file'), '')), { code: 'EACCES' });
  t.equal(process.geteuid?.(), 0, 'and root again');
  t.equal(process.getegid?.(), 0);
});
