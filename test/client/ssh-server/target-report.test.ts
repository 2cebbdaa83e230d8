import fc from 'fast-check';
import t from 'tap';
import { splitWords } from '../../../core/command-words.ts';
import { parseCommand } from '../../../core/command-line.ts';
import { readReportAnswer, reportLine } from '../../../client/ssh-server/target-report.ts';

const id = '6f1d9f3e-58a4-4c3a-9d3e-0123456789ab';
const nothing = { id, name: undefined, osUser: undefined, certificates: undefined };

function wordsOf(line: string): string[] {
  const words = splitWords(line);
  if (!words.ok) throw new Error(words.problem);
  return words.value;
}

t.test('the line says who the machine is', async (t) => {
  t.equal(reportLine(nothing), `target report --id=${id} --json`);
  const certificates = { osUsers: ['dev', 'ops'], longestCertificateMs: 300_000 };
  const full = reportLine({ id, name: 'big', osUser: 'dev', certificates });
  t.same(wordsOf(full).slice(2), [
    `--id=${id}`,
    '--name=big',
    '--os-user=dev',
    '--certificate-user=dev',
    '--certificate-user=ops',
    '--longest-certificate=5m',
    '--certificates',
    '--json',
  ]);
  t.match(parseCommand(wordsOf(full)), {
    kind: 'command',
    json: true,
    call: { name: 'target report', values: { id, certificates: true, 'longest-certificate': 300_000 } },
  });
  const some = { osUsers: [], longestCertificateMs: undefined };
  t.match(reportLine({ ...nothing, certificates: some }), / --certificates --json$/);
});

t.test('nobody has a word of their own in it', async () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (name, osUser) => {
      const words = wordsOf(reportLine({ ...nothing, name, osUser }).slice(0, 8000));
      return words.length === 6 && words[3] === `--name=${name}` && words[4] === `--os-user=${osUser}`;
    }),
  );
});

const target = { id, name: 'pr-1', env: 'pr-1', hostKeys: ['ssh-ed25519 AAAA'] };

t.test('what the gateway answers', async (t) => {
  const said = (stdout: unknown, code = 0, stderr = '') =>
    readReportAnswer({ code, stdout: JSON.stringify(stdout), stderr });
  for (const kind of ['new', 'known', 'moved', 'unconfirmed'] as const)
    t.same(said({ kind, ...target, more: 1 }), { kind, target });
  t.same(said({ kind: 'new', ...target, hostKeys: 'x' }), {
    kind: 'new',
    target: { ...target, hostKeys: [] },
  });
  const odd = said({ kind: 'known', ...target, name: 'pr\u001b[2J' });
  t.match(odd, { kind: 'known', target: { name: 'pr?[2J' } }, 'nothing in it acts on a terminal');
  for (const wrong of [null, 1, {}, { kind: 'old', ...target }, { kind: 'new' }, { ...target, kind: 1 }])
    t.match(said(wrong), { kind: 'later', reason: /is not understood/ });

  t.match(said(null, 1, 'porthole: another has it (ERR_CONFLICT)\n'), {
    kind: 'conflict',
    reason: 'another has it (ERR_CONFLICT)',
  });
  t.match(said(null, 1, 'not yours (ERR_NOT_AUTHORISED)'), { kind: 'refused', reason: /not yours/ });
  t.match(said(null, 2, 'wrong'), { kind: 'refused', reason: 'wrong' });
  t.match(said(null, 3, 'not for you'), { kind: 'refused' });
  t.match(said(null, 1, 'the database is away'), { kind: 'later', reason: 'the database is away' });
  t.match(said(null, 1), { kind: 'later', reason: 'the gateway ended the report without a word' });
  t.match(readReportAnswer({ code: undefined, stdout: '', stderr: '' }), { kind: 'later' });
  t.match(readReportAnswer(undefined), { kind: 'later', reason: 'the gateway gave no answer' });
});

t.test('a gateway from before it', async (t) => {
  for (const stderr of ['porthole: unknown command "target"', 'unknown command "target report": try help'])
    t.same(readReportAnswer({ code: 2, stdout: '', stderr }), { kind: 'unsupported' });
});

t.test('any answer is read, and none throws', async () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), fc.string(), fc.nat(4), (stdout, stderr, code) => {
      return typeof readReportAnswer({ code, stdout, stderr }).kind === 'string';
    }),
  );
});
