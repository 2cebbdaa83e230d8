import fc from 'fast-check';
import t from 'tap';
import { includedDropIn, includes } from '../../../client/agent-setup/sshd-include.ts';

t.test('where a file would be read', async (t) => {
  const found = (config: string): string | undefined => includedDropIn(config);
  const usual = '/etc/ssh/sshd_config.d/60-porthole.conf';
  t.equal(found('Include /etc/ssh/sshd_config.d/*.conf\nPort 22\n'), usual);
  t.equal(found('# a comment\n\n  include   sshd_config.d/*.conf # more\r\n'), usual, 'relative to /etc/ssh');
  t.equal(found('Include="/opt/a b/*.conf" /opt/x/*'), '/opt/a b/60-porthole.conf');
  t.equal(found('Include /opt/only.conf /opt/?0-*.conf'), '/opt/60-porthole.conf');
  t.equal(found('Include /opt/*/*.conf'), undefined, 'nobody knows which directory');
  t.equal(found('Include /opt/*.config'), undefined);
  t.equal(found('Port 22\nMatch User x\nInclude /opt/*.conf'), undefined, 'only for some');
  t.equal(found('#Include /opt/*.conf\nInclude # /opt/*.conf'), undefined);
  t.equal(found(''), undefined);
});

t.test('whether a file would be', async (t) => {
  t.ok(includes('Include /a/*.conf /b/x.conf', '/b/x.conf'));
  t.notOk(includes('Include /a/*.conf', '/a/b/x.conf'), 'a star is no slash');
  t.notOk(includes('Include /a/*.conf', '/a/.x.conf'), 'nor a dot at the beginning');
  t.ok(includes('Include /a/.*.conf', '/a/.x.conf'));
  t.notOk(includes('Include /a/x+.conf', '/a/xx.conf'), 'what is special elsewhere is not');
});

t.test('whatever stands there', async () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (text) => {
      const path = includedDropIn(`Include ${text}\n${text}`);
      return path === undefined || (path.startsWith('/') && includes(`Include ${text}\n${text}`, path));
    }),
  );
});
