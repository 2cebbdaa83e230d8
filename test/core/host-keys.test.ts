import fc from 'fast-check';
import t from 'tap';
import { maxHostKeys, parseHostKeys } from '../../core/host-keys.ts';
import { publicKey } from '../support/public-keys.ts';

const one = publicKey().line;
const two = publicKey(2048).line;
const keysOf = (text: string): readonly string[] | string => {
  const parsed = parseHostKeys(text);
  return parsed.ok ? parsed.value : parsed.problem;
};

t.test('lines of .pub files, of known_hosts, and what ssh-keyscan prints', (t) => {
  t.same(keysOf(`${one} root@machine\n${two} root@machine with more words\r\n\n`), [one, two]);
  t.same(keysOf(`# 192.0.2.7:22 SSH-2.0-OpenSSH_9.2p1\n192.0.2.7 ${one}\n# again\n[192.0.2.7]:2222 ${two}`), [
    one,
    two,
  ]);
  t.same(keysOf(`|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ${one} comment\n`), [one]);
  t.same(keysOf(`pr-1,192.0.2.7\t${one}\rpr-1 ${one}\n`), [one], 'each once');
  t.end();
});

t.test('a DSA key is passed over, for nobody takes one', (t) => {
  t.same(keysOf(`ssh-dss AAAAB3NzaC1kc3M= old\n${one}\n`), [one]);
  t.match(keysOf('host ssh-dss AAAAB3NzaC1kc3M='), /no host key/);
  t.end();
});

t.test('what is none is told with its line, and a secret with nothing of it', (t) => {
  t.match(keysOf(''), /no host key/);
  t.match(keysOf('# nothing\n\n'), /no host key/);
  t.match(keysOf(`${one}\nwhat is this\n`), /^line 2: this is no public host key/);
  t.match(keysOf(`${one}\nhost ssh-ed25519 AAAA\n`), /^line 2: /);
  t.match(keysOf(`ssh-ed25519`), /^line 1: .*missing/);
  t.match(keysOf(`@cert-authority *.example.com ${one}`), /^line 1: .*authority/);
  t.match(keysOf(`@revoked host ${one}`), /^line 1: .*revoked/);
  t.match(keysOf(`@other host ${one}`), /^line 1: "@other" is no marker/);
  t.match(keysOf('ssh-ed25519-cert-v01@openssh.com AAAA host'), /^line 1: .*certificate/);
  const secret = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU\n';
  t.match(keysOf(`${one}\n${secret}`), /an OpenSSH private key; nothing of it was kept/);
  t.notMatch(keysOf(secret), /b3Blbn/);
  t.end();
});

t.test('of one machine only so many', (t) => {
  const many = Array.from({ length: maxHostKeys + 1 }, () => publicKey().line);
  t.equal(keysOf(many.slice(1).join('\n')).length, maxHostKeys);
  t.match(keysOf(many.join('\n')), /more than 16 host keys/);
  t.end();
});

t.test('whatever comes is answered, and what is taken is a key and read back the same', (t) => {
  const word = fc.oneof(
    fc.constantFrom(one, two, 'ssh-ed25519', '@revoked', '#', '|1|a=|b=', '\t', ' ', '\r', '\n', 'host'),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(fc.array(word), (words) => {
      const parsed = parseHostKeys(words.join(' '));
      if (!parsed.ok) return parsed.problem.length < 400;
      const again = parseHostKeys(parsed.value.join('\n'));
      return again.ok && again.value.join() === parsed.value.join();
    }),
  );
  t.end();
});
