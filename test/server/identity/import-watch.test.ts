import t from 'tap';
import { ImportWatch } from '../../../server/identity/import-watch.ts';
import type { ImportCheck, KeptImport } from '../../../server/identity/kept-import.ts';
import { createLog } from '../../support/log-lines.ts';
import type { TestScope } from '../../support/scope.ts';
import { until } from '../../support/until.ts';

function kept(source: string, check: ImportCheck = {}): KeptImport {
  return {
    source,
    principal: 'ana',
    role: 'machine',
    envPatterns: [],
    createdBy: 'root',
    createdAt: 1,
    check,
  };
}

function watch(
  t: Pick<TestScope, 'teardown'>,
  options: { all: () => readonly KeptImport[]; fails?: string; intervalMs?: number },
) {
  const { log, lines } = createLog();
  const checked: string[] = [];
  const imports = {
    all: async () => Promise.resolve(options.all()),
    close: () => undefined,
    check: (source: string) => {
      checked.push(source);
      return source === options.fails ? Promise.reject(new Error('no disk')) : Promise.resolve();
    },
  };
  const watching = new ImportWatch({
    imports,
    intervalMs: options.intervalMs ?? 2,
    log,
    now: () => 1000,
    random: () => 0,
  });
  t.teardown(() => {
    watching.close();
  });
  return { watching, checked, lines };
}

t.test('looks at each source, time and again', async (t) => {
  const { watching, checked } = watch(t, { all: () => [kept('a'), kept('b')] });
  watching.start();
  await until('two rounds', () => checked.length >= 4);
  t.same(checked.slice(0, 4), ['a', 'b', 'a', 'b']);
});

t.test('a source that fails is told, and the others have their turn', async (t) => {
  const { watching, checked, lines } = watch(t, { all: () => [kept('a'), kept('b')], fails: 'a' });
  watching.start();
  await until('two rounds', () => checked.length >= 4);
  t.match(lines[0], { level: 'warn', source: 'a' });
});

t.test('it goes on when the list cannot be read', async (t) => {
  let tries = 0;
  const all = (): readonly KeptImport[] => {
    tries += 1;
    if (tries === 1) throw new Error('no disk');
    return [kept('a')];
  };
  const { watching, checked, lines } = watch(t, { all });
  watching.start();
  await until('another round', () => checked.length > 0);
  t.match(lines[0], { level: 'warn' });
});

t.test('what was looked at a little while ago can wait, unless the clock went back', async (t) => {
  const all = (): readonly KeptImport[] => [
    kept('just now', { checkedAt: 999 }),
    kept('long ago', { checkedAt: 900 }),
    kept('to come', { checkedAt: 5000 }),
    kept('never'),
  ];
  const { watching, checked } = watch(t, { all, intervalMs: 100 });
  watching.start();
  await until('a round', () => checked.length >= 3);
  t.same(checked, ['long ago', 'to come', 'never']);
});

t.test('once closed it looks at nothing', async (t) => {
  let rounds = 0;
  const all = (): readonly KeptImport[] => {
    rounds += 1;
    watching.close();
    return [kept('a')];
  };
  const { watching, checked } = watch(t, { all });
  watching.start();
  await until('a round', () => rounds > 0);
  watching.start();
  await new Promise(setImmediate);
  t.same(checked, []);
  t.equal(rounds, 1);
});
