import t from 'tap';
import {
  certificateOptions,
  identityOptions,
  jumpOptions,
  trustOptions,
  userOptions,
} from '../../core/ssh-config-options.ts';
import { targetId, targetKey } from '../support/ssh-config-facts.ts';

t.test('what is not there is left out', (t) => {
  t.same(userOptions(undefined), { ok: true, value: [] });
  t.same(identityOptions(undefined), { ok: true, value: [] });
  t.same(certificateOptions(targetId, []), { ok: true, value: { options: [], blocks: [] } });
  t.end();
});

t.test('the jump', (t) => {
  t.same(jumpOptions('gate', undefined), { ok: true, value: [['ProxyJump', 'gate']] });
  t.same(jumpOptions('gate', '/a/b.conf'), { ok: true, value: [['ProxyJump', 'gate']] });
  t.same(jumpOptions('gate', '/a b/100%'), {
    ok: true,
    value: [['ProxyCommand', "ssh -F '/a b/100%%' -W '[%h]:%p' gate"]],
  });
  t.notOk(jumpOptions('gate', 'a\nb').ok);
  t.end();
});

t.test('host keys that are no keys are no keys', (t) => {
  const trust = trustOptions(targetId, ["ssh-ed25519 AAAA'; x", targetKey], undefined);
  t.match(trust.ok && trust.value.at(-1), [
    'KnownHostsCommand',
    `/usr/bin/env printf '%%s\\n' '${targetId} ${targetKey}'`,
  ]);
  t.notOk(userOptions('a b').ok);
  t.end();
});
