import t from 'tap';
import { splitWords } from '../../core/command-words.ts';
import { tlsProxyCommand } from '../../core/tls-proxy-command.ts';

t.test('a name is verified and asked for, an address is only verified', (t) => {
  t.match(
    tlsProxyCommand({ host: 'gw.example', port: 443 }),
    /-verify_return_error .*-verify_hostname gw\.example -servername gw\.example -connect gw\.example:443$/,
  );
  t.match(
    tlsProxyCommand({ host: '192.0.2.1', port: 1 }),
    /-verify_ip 192\.0\.2\.1 -noservername -connect 192\.0\.2\.1:1$/,
  );
  t.match(tlsProxyCommand({ host: '2001:db8::1', port: 443 }), /-connect '\[2001:db8::1\]:443'$/);
  t.end();
});

t.test('a shell reads the path back, once ssh has halved its percent signs', (t) => {
  const caFile = "/it's %h #1/ca.pem";
  const words = splitWords(tlsProxyCommand({ host: 'gw.example', port: 443, caFile }).replaceAll('%%', '%'));
  t.same(words.ok && words.value.slice(-2), ['-CAfile', caFile]);
  t.end();
});
