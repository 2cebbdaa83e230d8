import t from 'tap';
import { gateSetting, member } from '../../support/gate-setting.ts';
import { someGate } from '../../support/memory-book.ts';

t.test('made, read, changed and removed', async (t) => {
  const { run, book } = gateSetting();
  t.match(await run('gate create Ops --host gate.test --port 2222'), {
    status: 0,
    stdout: [/^made gate ops/],
    stderr: [/nobody may use/, /leads nowhere/],
  });
  t.match(book.gateNamed('ops'), { host: 'gate.test', port: 2222, keys: [], targets: [], createdBy: 'root' });
  t.match(await run('gate create all --any-key --any-target'), { status: 0, stderr: [] });
  t.match(await run('gate create ops'), { status: 1, stderr: [/ops/] });
  t.match(await run('gate list', member('ana')), {
    stdout: [/^NAME +ADDRESS/, /^default \(default\)/, /^all/, /^ops +gate\.test:2222/],
  });
  t.match(await run('gate show all --json', member('ana')), { stdout: [/"name":"all".*"keys":"any"/] });
  t.match(await run('gate show ops', member('ana')), { stdout: ['ops', /id/, /host +gate\.test/] });
  t.match(await run('gate set ops --keys any --targets any --host - --port - --name Team'), {
    ...{ status: 0, stdout: ['changed gate team'], stderr: [] },
  });
  t.match(book.gateNamed('team'), { keys: 'any', targets: 'any' });
  t.notOk('host' in (book.gateNamed('team') ?? {}));
  t.match(await run('gate set team --port 22 --host 192.0.2.1'), { status: 0 });
  t.match(await run('gate set team'), { status: 2 });
  t.match(await run('gate set team --port 0'), { status: 2, stderr: [/--port "0" is no port/, /usage/] });
  t.match(await run('gate set team --host a:b c'), { status: 2 });
  t.match(await run('gate rm team'), {
    status: 0,
    stdout: ['removed gate team'],
    stderr: [/means the gate default/],
  });
  for (const words of ['show', 'set --keys any', 'rm'])
    t.match(await run(`gate ${words} team`), { status: 1, stderr: [/there is no gate team/] });
  t.match(
    book.audit.map(({ action }) => action),
    ['gate.create', 'gate.create', 'gate.set', 'gate.set', 'gate.rm'],
  );
});

t.test('the default one stays; limiting it warns', async (t) => {
  const { run } = gateSetting({ gates: [someGate()] });
  t.match(await run('gate rm default'), { status: 1, stderr: [/default gate stays/] });
  t.match(await run('gate set default --keys listed'), {
    status: 0,
    stderr: [/nobody may use the gate default/],
  });
});
