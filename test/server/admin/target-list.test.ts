import t from 'tap';
import { gateSetting, member } from '../../support/gate-setting.ts';
import { someTarget, targetId } from '../../support/memory-book.ts';
import { publicKey } from '../../support/public-keys.ts';

const shown = publicKey().line;
const targets = [
  someTarget({ unconfirmed: { hostKeys: [shown], machineKey: 'SHA256:x', at: 1000 } }),
  someTarget({ id: targetId(1), name: 'main', env: 'main', owner: 'ben' }),
  someTarget({ id: targetId(2), name: 'gone', env: 'gone', owner: 'ben' }),
];
const environments = { 'pr-42': 'ana', main: 'ben' };
const setting = gateSetting({ targets, environments, online: [targetId(42)] });

async function names(words: string, as?: ReturnType<typeof member>): Promise<unknown> {
  const { stdout } = await setting.run(`${words} --json`, as);
  return (JSON.parse(stdout.join('')) as { name: string }[]).map(({ name }) => name);
}

t.test('one’s own, and those that one may reach', async (t) => {
  t.same(await names('target list', member('eve')), ['pr-42']);
  t.same(await names('target list', member('ben', { envPatterns: ['main'] })), ['gone', 'main']);
  t.same(await names('target list', { principal: 'ana', role: 'machine', envPatterns: ['*'] }), ['pr-42']);
  t.same(await names('target list'), ['main', 'pr-42'], 'one whose environment is nobody’s leads nowhere');
  t.same(await names('target list --all'), ['gone', 'main', 'pr-42']);
  t.same(await names('target list --all', member('eve')), ['pr-42']);
});

t.test('what has to be confirmed is told by all of them', async (t) => {
  const list = await setting.run('target list', member('eve'));
  t.match(list, { status: 0, stdout: [/^NAME/, /online, unconfirmed!/], stderr: [/^WARNING: since/] });
  t.match(await setting.run('target show pr-42', member('eve')), {
    status: 0,
    stdout: ['pr-42', /uuid/],
    stderr: [/^WARNING: since/],
  });
  t.match(await setting.run('target show main', member('eve')), { status: 1 });
});

t.test('where there is none, it says so', async (t) => {
  const { run } = gateSetting();
  t.match(await run('target list'), { stdout: [], stderr: [/no machines that you own or may reach/] });
  t.match(await run('target list', { role: 'machine' }), { stderr: [/porthole connect --ssh/] });
});

t.test('more than can be listed', async (t) => {
  const many = Array.from({ length: 1001 }, (_, at) =>
    someTarget({ id: targetId(at), name: `m-${String(at)}` }),
  );
  const { run } = gateSetting({ targets: many, environments });
  const { stdout, stderr } = await run('target list', member('ana'));
  t.equal(stdout.length, 1001);
  t.same(stderr, ['1 more']);
});
