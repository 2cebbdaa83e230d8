import t from 'tap';
import { nameProblem, takenName, type NameFacts } from '../../../server/ssh/name-problem.ts';

const facts: NameFacts = {
  env: 'pr-1',
  identity: { principal: 'me', envPatterns: ['pr-*', 'main'] },
  routes: { mayClaim: () => true },
  contact: 'ops@example.com',
};

t.test('a name that may be used has none', (t) => {
  t.equal(nameProblem(facts), undefined);
  t.end();
});

t.test('reserved, not for this key, taken: in this order, with what to do', (t) => {
  const mayClaim = (): boolean => false;
  t.match(nameProblem({ ...facts, env: 'www', routes: { mayClaim } }), /^the name www is reserved/);
  t.equal(
    nameProblem({ ...facts, env: 'dev', routes: { mayClaim } }),
    'this key may not use the name dev (it may use pr-*, main); for more, ask ops@example.com',
  );
  t.equal(
    nameProblem({ ...facts, routes: { mayClaim } }),
    'the name pr-1 belongs to somebody else; use another, or ask ops@example.com',
  );
  t.equal(takenName('pr-1', 'ops@example.com'), nameProblem({ ...facts, routes: { mayClaim } }));
  t.end();
});

t.test('whose a name is, is asked for the principal, and never told', (t) => {
  const asked: string[] = [];
  const mayClaim = (env: string, owner: string): boolean => {
    asked.push(`${env} ${owner}`);
    return false;
  };
  t.notMatch(nameProblem({ ...facts, routes: { mayClaim } }), /\bme\b/);
  t.same(asked, ['pr-1 me']);
  t.end();
});

t.test('patterns: none, or more than anybody reads', (t) => {
  const told = (envPatterns: readonly string[]): string | undefined =>
    nameProblem({ ...facts, env: 'dev', identity: { principal: 'me', envPatterns } });
  t.match(told([]), /\(it may use none\)/);
  const many = Array.from({ length: 1000 }, (_, index) => `${'x'.repeat(200)}${String(index)}`);
  t.match(told(many), / and 992 more\); for more, ask ops@example\.com$/);
  t.ok((told(many)?.length ?? 0) < 800);
  t.end();
});
