import t from 'tap';
import { serverAlgorithms } from '../../server/ssh/algorithms.ts';
import { startGateway } from '../support/gateway-with-key.ts';
import { Program } from '../support/program.ts';

/** What ssh-audit ends with: 0 for nothing, 2 for warnings, 3 for failures. */
const nothingWorseThanWarnings = [0, 2];

t.test('ssh-audit finds no failure at the shared port', async (t) => {
  const { gateway } = await startGateway(t);
  const audit = new Program(t, 'ssh-audit', ['--no-colors', '--port', String(gateway.port), '127.0.0.1']);
  const { code } = await audit.exit;
  t.match(audit.stdout, /^\(gen\) banner: SSH-2\.0-porthole/m);
  for (const kind of ['kex', 'key', 'enc', 'mac']) t.match(audit.stdout, new RegExp(`^\\(${kind}\\) `, 'm'));
  t.notMatch(audit.stdout, /\[fail\]/);
  t.ok(nothingWorseThanWarnings.includes(code ?? -1), `exit code ${String(code)}`);
});

t.test('nor among what only some clients are offered', async (t) => {
  const { kex, serverHostKey, cipher, hmac } = serverAlgorithms;
  const names = [...kex, ...serverHostKey, ...cipher, ...hmac];
  const lookup = new Program(t, 'ssh-audit', ['--no-colors', `--lookup=${names.join(',')}`]);
  await lookup.exit;
  for (const name of names) t.ok(lookup.stdout.includes(name), `${name} is known to it`);
  t.notMatch(lookup.stdout, /\[fail\]/);
});
