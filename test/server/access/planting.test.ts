import t from 'tap';
import { maxChain } from '../../../server/access/hand-over.ts';
import { maxPlanted } from '../../../server/access/host-cookie.ts';
import { hostsToPlant } from '../../../server/access/planting.ts';
import { Door } from '../../support/door.ts';

function setting(labels: readonly string[]) {
  const door = new Door();
  door.give('g2');
  door.online = labels;
  for (const label of labels) door.offer(label);
  const plan = (planted: readonly string[] = []): readonly string[] =>
    hostsToPlant(
      { pass: { kind: 'grant', id: 'g2' }, planted },
      { env: 'pr-42', label: 'web--pr-42' },
      { ...door.options, address: '192.0.2.1', nowMs: door.nowMs },
    );
  return { door, plan };
}

t.test('the other hosts, each once', async (t) => {
  const { plan } = setting(['pr-42', 'web--pr-42', 'api--pr-42']);
  t.same(plan(), ['pr-42', 'api--pr-42']);
  t.same(plan(['pr-42']), ['api--pr-42']);
  t.same(plan(['pr-42', 'api--pr-42', 'gone--pr-42']), []);
});

t.test('only those that need a cookie, and for which it is good', async (t) => {
  const { door, plan } = setting(['api--pr-42', 'open--pr-42', 'near--pr-42', 'other--pr-42']);
  door.offer('open--pr-42', { access: 'public' });
  door.offer('near--pr-42', { from: '198.51.100.0/24' });
  door.offer('other--pr-42', { owner: 'bob' });
  t.same(plan(), ['api--pr-42']);
  door.give('g2', { service: 'web' });
  t.same(plan(), []);
});

t.test('not more than a browser goes through, nor than a cookie holds', async (t) => {
  const labels = Array.from({ length: 30 }, (_, index) => `s${String(index)}--pr-42`);
  const { plan } = setting(labels);
  t.same(plan(), labels.slice(0, maxChain));
  t.same(plan(labels.slice(0, maxPlanted - 2)), labels.slice(maxPlanted - 2, maxPlanted));
  t.same(plan(labels.slice(0, maxPlanted)), []);
});
