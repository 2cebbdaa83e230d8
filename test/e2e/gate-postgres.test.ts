import t from 'tap';
import { JumpTeam, over } from '../support/jump.ts';
import { lowPort } from '../support/low-port.ts';
import { startPostgres } from '../support/postgres.ts';

t.test('psql reaches the database of the environment by ssh -L', async (t) => {
  const team = await JumpTeam.start(t);
  const { port, user } = await startPostgres(t);
  const local = await lowPort();
  await team.machine({
    forwards: [`db:5432:127.0.0.1:${String(port)}`, `/any-port:127.0.0.1:${String(port)}`],
  });
  const anyPort = await lowPort();
  const forward = team.ssh('ana', [
    ...['-v', '-N', '-o', 'ExitOnForwardFailure=yes', 'gw'],
    ...['-L', `127.0.0.1:${String(local)}:db.pr-1:5432`],
    ...['-L', `127.0.0.1:${String(anyPort)}:any-port.pr-1:9999`],
  ]);
  await forward.said(/Entering interactive session/);
  const psql = (at: number, ...words: readonly string[]) =>
    team.program(
      'psql',
      ['-X', '-h', '127.0.0.1', '-p', String(at), '-U', user, '-d', 'postgres', '-At', ...words],
      { PGCONNECT_TIMEOUT: '20' },
    );
  const asks = async (sql: string, at = local): Promise<string> => {
    const told = await over(psql(at, '-v', 'ON_ERROR_STOP=1', '-c', sql));
    t.equal(told.stderr, '');
    return told.stdout;
  };

  t.equal(await asks('select 6 * 7'), '42\n');
  t.equal(await asks('select 6 * 7', anyPort), '42\n', 'a forward without a port is meant by any');
  await asks('create table rows (id int, words text)');
  const copy = psql(local, '-c', 'copy rows from stdin');
  const words = 'word '.repeat(40);
  const rows = Array.from({ length: 20_000 }, (_row, id) => `${String(id)}\t${words}${String(id)}\n`).join(
    '',
  );
  copy.write(rows);
  t.match(await over(copy), { code: 0, stdout: 'COPY 20000\n' });
  t.equal(await asks('copy (select * from rows order by id) to stdout'), rows);

  const answers = await Promise.all(
    Array.from({ length: 8 }, (_each, n) => asks(`select ${String(n)}, count(*) from rows`)),
  );
  t.same(
    answers,
    answers.map((_each, n) => `${String(n)}|20000\n`),
  );
});
