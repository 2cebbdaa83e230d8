import t from 'tap';
import {
  certificatePath,
  isFresh,
  refreshedCertificates,
} from '../../../client/ssh-config/target-certificate.ts';
import { splitWords } from '../../../core/command-words.ts';
import { targetFacts, targetId } from '../../support/ssh-config-facts.ts';

t.test('one for each user that the machine names, and for whoever one usually is', (t) => {
  const certificates = refreshedCertificates({
    folder: '/c',
    localUser: 'me',
    reaching: ['--server', 'https://gw'],
  });
  t.match(certificates(targetFacts(), undefined), [
    { file: `/c/${targetId}-me-cert.pub`, refreshed: { osUser: 'me' } },
  ]);
  const several = certificates(targetFacts({ osUsers: ['dev', 'root'] }), 'dev');
  t.same(
    several.map(({ refreshed }) => refreshed?.osUser),
    ['dev', 'root'],
  );
  const words = splitWords(several[0]?.refreshed?.command ?? '');
  t.same(words.ok && words.value.slice(0, 3), ['cd', '/', '&&']);
  t.match(words.ok && words.value.slice(5), [
    ...[
      'ssh-config',
      targetId,
      '--os-user',
      'dev',
      '--refresh-certificate',
      certificatePath('/c', targetId, 'dev'),
    ],
    ...['--server', 'https://gw'],
  ]);
  t.end();
});

t.test('what is not there, or is no certificate, is not fresh', (t) => {
  t.notOk(isFresh('/nowhere/at/all', 0));
  t.notOk(isFresh('/dev/null', 0));
  t.end();
});
