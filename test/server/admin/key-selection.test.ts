import t from 'tap';
import {
  fullName,
  isAtLeast,
  labelOf,
  selectKey,
  selectStoredKey,
  visibleKeys,
} from '../../../server/admin/key-selection.ts';
import type { Role } from '../../../server/identity/identity.ts';
import { identityOf } from '../../support/admin-setting.ts';
import { MemoryKeys, storedKey } from '../../support/memory-keys.ts';

const keys = new MemoryKeys([
  storedKey({ fingerprint: 'SHA256:abcdef1', principal: 'ana', name: 'laptop' }),
  storedKey({ fingerprint: 'SHA256:abcdef2', principal: 'ben', name: 'laptop' }),
  storedKey({ fingerprint: 'SHA256:x/y+zzz', principal: 'SHA256:a/b', name: 'ci' }),
  storedKey({ fingerprint: 'SHA256:ghijkl1', principal: 'cat', name: 'abcdef' }),
]);
const services = {
  keys,
  fileKeys: () => [
    storedKey({ fingerprint: 'SHA256:abcdef1', principal: 'old', name: 'hidden', source: 'file' }),
    storedKey({ fingerprint: 'SHA256:infile1', principal: 'ana', name: 'filed', source: 'file' }),
  ],
};
const as = (role: Role, principal = 'ana') => ({ identity: identityOf({ role, principal }), address: '' });

function found(text: string, caller = as('admin')): string {
  const selection = selectKey(services, caller, text);
  if (selection.kind === 'found') return selection.key.fingerprint;
  return selection.answer.kind === 'error' ? selection.answer.message : '';
}

t.test('a key is named by its name, its principal and name, or its fingerprint', (t) => {
  const cases = {
    'ana/laptop': 'SHA256:abcdef1',
    'SHA256:abcdef2': 'SHA256:abcdef2',
    abcdef2: 'SHA256:abcdef2',
    ci: 'SHA256:x/y+zzz',
    'SHA256:a/b/ci': 'SHA256:x/y+zzz',
    'SHA256:x/y+zz': 'SHA256:x/y+zzz',
    'x/y+zz': 'SHA256:x/y+zzz',
    filed: 'SHA256:infile1',
    abcdef: 'SHA256:ghijkl1',
  };
  for (const [text, fingerprint] of Object.entries(cases)) t.equal(found(text), fingerprint, text);
  t.end();
});

t.test('what several keys could be is none of them', (t) => {
  t.match(found('laptop'), /ana\/laptop {2}SHA256:abcdef1\n.*ben\/laptop/);
  t.match(found('SHA256:abcdef'), /each of these/);
  t.equal(found('laptop', as('member')), 'SHA256:abcdef1', 'of the own ones there is one');
  const many = new MemoryKeys(
    Array.from({ length: 20 }, (_, at) =>
      storedKey({ fingerprint: `SHA256:${String(at)}`, principal: `p${String(at)}`, name: 'ci' }),
    ),
  );
  const selection = selectKey({ keys: many, fileKeys: () => [] }, as('admin'), 'ci');
  t.match(selection, { answer: { message: /and 12 more$/ } });
  t.end();
});

t.test('what is none', (t) => {
  for (const text of ['nothing', 'SHA256:', 'SHA256:abcde', 'abcde', '', '/', 'ana/', 'hidden', 'old/hidden'])
    t.match(found(text), /^there is no key/, text);
  t.equal(found('ben/laptop', as('member')), 'there is no key ben/laptop of yours');
  t.equal(found('nothing', as('machine')), 'there is no key nothing of yours');
  t.end();
});

t.test('only keys of the store can be changed', (t) => {
  t.match(selectStoredKey(services, as('admin'), 'filed'), { answer: { status: 1 } });
  t.match(selectStoredKey(services, as('admin'), 'ci'), { kind: 'found' });
  t.match(selectStoredKey(services, as('admin'), 'nothing'), { kind: 'refused' });
  t.end();
});

t.test('who sees what', (t) => {
  const names = (role: Role): string[] => Array.from(visibleKeys(services, as(role)), (key) => key.name);
  t.same(names('admin'), ['laptop', 'laptop', 'ci', 'abcdef', 'filed']);
  t.same(names('member'), ['laptop', 'filed']);
  t.same(names('machine'), ['laptop', 'filed']);
  t.end();
});

t.test('names for people, and ranks', (t) => {
  t.equal(fullName({ principal: 'a', name: 'a' }), 'a/a');
  t.equal(labelOf({ principal: 'a', name: 'a' }), 'a');
  t.equal(labelOf({ principal: 'a', name: 'b' }), 'a/b');
  t.same(
    [isAtLeast('admin', 'member'), isAtLeast('member', 'member'), isAtLeast('machine', 'member')],
    [true, true, false],
  );
  t.end();
});
