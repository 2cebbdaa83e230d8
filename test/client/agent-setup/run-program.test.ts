import t from 'tap';
import { runProgramToEnd } from '../../../client/agent-setup/run-program.ts';

t.test('how it ended, and what it said', async (t) => {
  const ran = await runProgramToEnd('sh', ['-c', 'echo out; echo err >&2; exit 3']);
  t.same(ran, { code: 3, stdout: 'out\n', stderr: 'err\n' });
  t.match(await runProgramToEnd('sh', ['-c', 'echo $LC_ALL']), { code: 0, stdout: 'C\n' });
  t.match(await runProgramToEnd('/no/such/program', []), { code: undefined, stderr: /ENOENT/ });
  t.match(await runProgramToEnd('id', ['-u'], { uid: 65_534, gid: 65_534 }), { stdout: '65534\n' });
});
