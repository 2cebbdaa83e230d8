import t from 'tap';
import { ProofMemory, type Finding } from '../../../server/access/proof-memory.ts';

const proven: Finding = { kind: 'proven', grantId: 'grant', untilMs: 1000 };
const wrong = (): Finding => ({ kind: 'wrong', untilMs: 1000, told: false });

t.test('a finding is remembered until its end', async (t) => {
  const memory = new ProofMemory(10);
  t.equal(memory.get('a', 0), undefined);
  memory.set('a', proven);
  t.equal(memory.get('a', 999), proven);
  t.equal(memory.get('a', 1000), undefined);
  t.equal(memory.get('a', 0), undefined, 'it is forgotten then');
});

t.test('what is wrong does not push out what is right', async (t) => {
  const memory = new ProofMemory(2);
  memory.set('right', proven);
  for (const name of ['a', 'b', 'c']) memory.set(name, wrong());
  t.equal(memory.get('right', 0), proven);
  t.equal(memory.get('a', 0), undefined, 'the oldest of those is forgotten');
  t.match(memory.get('c', 0), { kind: 'wrong' });
  t.equal(memory.size, 3);
});

t.test('what is asked for stays', async (t) => {
  const memory = new ProofMemory(2);
  memory.set('a', proven);
  memory.set('b', proven);
  memory.get('a', 0);
  memory.set('c', proven);
  t.equal(memory.get('a', 0), proven);
  t.equal(memory.get('b', 0), undefined);
});
