import fc from 'fast-check';
import t from 'tap';
import { formatLabel } from '../../../core/names.ts';
import { HostTable } from '../../../server/routing/host-table.ts';

const domain = 'preview.test';

t.test('what a host stands for', (t) => {
  const table = new HostTable(domain);
  const nowhere = { env: '', service: undefined, port: undefined };
  t.same(table.read('preview.test'), { kind: 'apex', route: nowhere, key: '' });
  t.same(table.read('example.com:80'), { kind: 'foreign', route: nowhere, key: '' });
  t.same(table.read('a.b.preview.test'), { kind: 'foreign', route: nowhere, key: '' });
  t.same(table.read('not_a_label.preview.test'), { kind: 'route', route: nowhere, key: '' });
  t.same(table.read('Web--8080--PR-1.preview.test.:8443'), {
    kind: 'route',
    route: { env: 'pr-1', service: 'web', port: 8080 },
    key: 'web:8080',
  });
  t.end();
});

t.test('the host of the login pages is the gateway itself, below the domain or elsewhere', (t) => {
  for (const admin of ['auth.preview.test', 'login.example.com']) {
    const table = new HostTable(domain, admin);
    t.equal(table.read(admin).kind, 'apex');
    t.equal(table.read(`${admin.toUpperCase()}.:8443`).kind, 'apex');
    t.equal(table.read(domain).kind, 'apex');
    t.equal(table.read(`a.${admin}`).kind, 'foreign');
    t.equal(table.read(`pr-1.${domain}`).kind, 'route');
  }
  t.end();
});

t.test('a host is read once', (t) => {
  const table = new HostTable(domain);
  t.equal(table.read('web--pr-1.preview.test'), table.read('web--pr-1.preview.test'));
  t.end();
});

t.test('asked again, after others, or at any length, it says the same', (t) => {
  const table = new HostTable(domain);
  const label = fc.oneof(
    fc.string({ maxLength: 80 }),
    fc.constantFrom('pr-1', 'web--pr-1', '80--pr-1', 'web--80--pr-1', 'x'.repeat(400)).map(String),
    fc
      .record({
        env: fc.constant('pr-1'),
        service: fc.constantFrom('web', undefined),
        port: fc.constantFrom(1, undefined),
      })
      .map(formatLabel),
  );
  fc.assert(
    fc.property(label, (label) => {
      const host = `${label}.${domain}`;
      const first = table.read(host);
      t.same(table.read(host), first);
      return JSON.stringify(new HostTable(domain).read(host)) === JSON.stringify(first);
    }),
  );
  t.end();
});
