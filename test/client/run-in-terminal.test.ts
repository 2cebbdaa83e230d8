import t from 'tap';
import { runInTerminal } from '../../client/run-in-terminal.ts';

const env = { PATH: process.env['PATH'] };

t.test('the exit status of the program, or of the signal that ended it', async (t) => {
  t.same(await runInTerminal('sh', ['-c', 'exit 7'], env), { ok: true, value: 7 });
  t.same(await runInTerminal('sh', ['-c', 'kill -TERM $$'], env), { ok: true, value: 143 });
  t.match(await runInTerminal('no-such-program', [], env), {
    ok: false,
    problem: /there is no no-such-program here/,
  });
  t.match(await runInTerminal('/', [], env), { ok: false, problem: /EACCES/ });
});

t.test('what should end this process ends that one', async (t) => {
  const before = process.listenerCount('SIGHUP');
  const ran = runInTerminal('sh', ['-c', 'sleep 1000 & wait'], env);
  process.emit('SIGHUP', 'SIGHUP');
  t.same(await ran, { ok: true, value: 129 });
  t.equal(process.listenerCount('SIGHUP'), before);
});
