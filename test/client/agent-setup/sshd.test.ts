import t from 'tap';
import { runProgramToEnd, type RunProgram } from '../../../client/agent-setup/run-program.ts';
import { parseSettings, Sshd } from '../../../client/agent-setup/sshd.ts';
import { sshdPlace } from '../../support/sshd-place.ts';

t.test('a real one is asked', async (t) => {
  const places = sshdPlace(t);
  const sshd = new Sshd({ program: places.sshd, config: places.sshdConfig, run: runProgramToEnd });
  t.same(await sshd.test(), { ok: true, value: undefined });
  const settings = await sshd.settings();
  t.equal(settings.ok && settings.value.get('trustedusercakeys'), 'none');
  places.configure(['Match User root', '  TrustedUserCAKeys /x']);
  const forRoot = await sshd.settings('root');
  t.equal(forRoot.ok && forRoot.value.get('trustedusercakeys'), '/x');
  t.equal(await sshd.knows('MaxStartups', '10:30:100'), true);
  t.equal(await sshd.knows('NoSuchOption', 'yes'), false);
  places.configure(['Nonsense yes']);
  t.match(await sshd.test(), { ok: false, problem: /Bad configuration option: Nonsense/ });
  t.match(await sshd.settings(), { ok: false });
});

t.test('its words are made fit for a terminal, and one that is not there is told', async (t) => {
  const run: RunProgram = () =>
    Promise.resolve({ code: 255, stdout: '', stderr: 'one\r\ntwo\n\nthree \u001b[31m\nfour\n' });
  const sshd = new Sshd({ program: 'sshd', config: '/x', run });
  t.same(await sshd.test(), { ok: false, problem: 'two; three ?[31m; four' });
  const silent = new Sshd({
    program: 'sshd',
    config: '/x',
    run: async () => ({ code: 1, stdout: '', stderr: '' }),
  });
  t.match(await silent.test(), { problem: 'sshd ended with 1' });
  const user = new Sshd({ program: 'sshd', config: '/x', run, isRoot: () => false });
  t.match(await user.test(), { ok: false, problem: /four \(it takes root: use sudo\)/ });
  const none = new Sshd({ program: '/no/such/sshd', config: '/x', run: runProgramToEnd });
  t.match(await none.test(), { ok: false, problem: /ENOENT/ });
  t.same(
    [...parseSettings('port 22\nnothing\nsubsystem sftp  x \n')],
    [
      ['port', '22'],
      ['subsystem', 'sftp  x'],
    ],
  );
});
