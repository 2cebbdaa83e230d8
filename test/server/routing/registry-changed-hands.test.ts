import t from 'tap';
import { FakeForward } from '../../support/fake-forward.ts';
import { claimTtlMs, makeRegistry, type RegistrySetting } from './make-registry.ts';

/** When the name changed hands, as the routing table, and the memory, say. */
function changedAt({ registry, remembered }: RegistrySetting): number | undefined {
  const told = registry.view('pr-1')?.changedHandsAt;
  const kept = remembered.get('pr-1')?.changedHandsAt;
  if (told !== kept) throw new Error(`told ${String(told)}, but kept ${String(kept)}`);
  return told;
}

function offer(setting: RegistrySetting, owner: string): FakeForward {
  const forward = new FakeForward({ owner });
  if (setting.registry.add(forward).kind !== 'added') throw new Error('not added');
  return forward;
}

t.test('a new name has not changed hands, nor one that comes back', async (t) => {
  const setting = makeRegistry();
  const first = offer(setting, 'ana');
  t.equal(changedAt(setting), undefined);
  setting.end(first);
  setting.clock.advance(2 * claimTtlMs);
  offer(setting, 'ana');
  t.equal(changedAt(setting), undefined);
});

t.test('taken over when its claim was over', async (t) => {
  const setting = makeRegistry();
  setting.end(offer(setting, 'ana'));
  setting.clock.advance(2 * claimTtlMs);
  const second = offer(setting, 'bob');
  const at = setting.clock.wallMs;
  t.equal(changedAt(setting), at);
  setting.clock.advance(1000);
  setting.end(second);
  offer(setting, 'bob');
  t.equal(changedAt(setting), at, 'since then it is theirs');
});

t.test('given away', async (t) => {
  const setting = makeRegistry();
  offer(setting, 'ana');
  setting.registry.transfer('pr-1', 'ana', 'bob');
  t.equal(changedAt(setting), setting.clock.wallMs);
});

t.test('released, then claimed by another, or by the same', async (t) => {
  const setting = makeRegistry();
  offer(setting, 'ana');
  setting.registry.release('pr-1', 'ana');
  offer(setting, 'ana');
  t.equal(changedAt(setting), undefined);
  setting.registry.release('pr-1', 'ana');
  setting.clock.advance(1000);
  offer(setting, 'bob');
  const at = setting.clock.wallMs;
  t.equal(changedAt(setting), at);
  setting.registry.release('pr-1', 'bob');
  setting.clock.advance(1000);
  offer(setting, 'bob');
  t.equal(changedAt(setting), at);
});

t.test('forgotten because there were too many', async (t) => {
  const setting = makeRegistry({ maxRemembered: 2 });
  setting.end(offer(setting, 'ana'));
  for (const env of ['pr-2', 'pr-3']) setting.registry.add(new FakeForward({ env }));
  t.equal(setting.registry.view('pr-1'), undefined);
  offer(setting, 'bob');
  t.equal(changedAt(setting), setting.clock.wallMs);
});

t.test('what a process before this one knew', async (t) => {
  const setting = makeRegistry();
  setting.registry.recallFormer([
    { name: 'pr-1', owner: 'ana', changedHandsAt: undefined },
    { name: 'pr-2', owner: 'bob', changedHandsAt: 5 },
  ]);
  offer(setting, 'bob');
  t.equal(changedAt(setting), setting.clock.wallMs);
  setting.registry.add(new FakeForward({ owner: 'bob', env: 'pr-2' }));
  t.equal(setting.registry.view('pr-2')?.changedHandsAt, 5);
  setting.registry.recallFormer([{ name: 'pr-1', owner: 'eve', changedHandsAt: undefined }]);
  setting.registry.release('pr-1', 'bob');
  offer(setting, 'bob');
  t.ok(changedAt(setting), 'what is known now counts more than what was');
});
