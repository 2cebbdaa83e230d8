import t from 'tap';
import { gateSetting, member, someJump } from '../../support/gate-setting.ts';
import { targetId } from '../../support/memory-book.ts';

const environments = { 'pr-42': 'vm', 'pr-7': 'ben' };
const jumps = [
  someJump({ id: 'aaaaaaaa', startedAt: 1 }),
  someJump({ id: 'bbbbbbbb', principal: 'eve', env: 'pr-7', startedAt: 2 }),
];

t.test('one’s own, those to one’s own environments, and for administrators all', async (t) => {
  const { run } = gateSetting({ environments, jumps });
  const ids = async (words: string, as?: ReturnType<typeof member>): Promise<string> => {
    const { stdout } = await run(`sessions ${words}--json`, as);
    return (JSON.parse(stdout.join('')) as { id: string }[]).map(({ id }) => id.charAt(0)).join('');
  };
  t.equal(await ids(''), 'ba');
  t.equal(await ids('--limit 1 '), 'b');
  t.equal(await ids('--principal ana '), 'a');
  t.equal(await ids('', member('ana')), 'a');
  t.equal(await ids('', member('ben')), 'b');
  t.equal(await ids('', member('ben', { envPatterns: ['x'] })), '');
  t.match(await run('sessions', member('bob')), { stdout: [], stderr: [/nobody is in a machine/] });
  t.match(await run('sessions --limit 1'), {
    stdout: [/^ID/, /^bbbbbbbb +eve/],
    stderr: ['1 more, begun longer ago: --limit'],
  });
  t.match(await run('sessions --limit 0'), { status: 2 });
});

t.test('ended by those who see it, with their reason', async (t) => {
  const target = { id: targetId(42), name: 'shop' };
  const { run, ended, noted } = gateSetting({
    environments,
    jumps: [...jumps, someJump({ id: 'c', target })],
  });
  t.match(await run('kill bbbbbbbb', member('ana')), {
    status: 1,
    stderr: ['there is no session bbbbbbbb of yours'],
  });
  t.match(await run('kill nothing'), { status: 1, stderr: ['there is no session nothing'] });
  t.match(await run('kill bbbbbbbb', member('ben')), { stdout: ['ended session bbbbbbbb of eve to pr-7'] });
  t.match(await run(['kill', 'aaaaaaaa', '--reason', 'late', '--json']), {
    stdout: [/"id":"aaaaaaaa".*"killed":true,"reason":"ended by root: late"/],
  });
  t.match(await run('kill c', member('ana')), { stdout: ['ended session c of ana to shop'] });
  t.same(ended, [
    { id: 'bbbbbbbb', reason: 'ended by ben' },
    { id: 'aaaaaaaa', reason: 'ended by root: late' },
    { id: 'c', reason: 'ended by ana' },
  ]);
  t.match(noted, [
    { action: 'kill', target: 'bbbbbbbb', result: 'refused' },
    { action: 'kill', target: 'nothing', result: 'refused' },
    { action: 'kill', target: 'pr-7', result: 'ok', detail: { session: 'bbbbbbbb', of: 'eve' } },
    { detail: { reason: 'late' } },
    { target: 'shop', detail: { id: targetId(42) } },
  ]);
});

t.test('one that is over in that very moment', async (t) => {
  const { services, run } = gateSetting({ environments, jumps });
  Object.assign(services.jumps, { end: () => false });
  t.match(await run('kill aaaaaaaa'), { status: 0, stdout: ['session aaaaaaaa is over already'] });
});
