import t from 'tap';
import { isFor, viewerBy } from '../../../../server/login/providers/people-rule.ts';
import { person, rule } from './people.ts';

const at = (parts: Parameters<typeof person>[0] = {}, needsHostedDomain = false) => ({
  person: person(parts),
  needsHostedDomain,
});

t.test('all that a rule asks for must hold', async (t) => {
  const cases: [Parameters<typeof rule>[0], Parameters<typeof person>[0], boolean][] = [
    [{}, {}, false],
    [{ everyone: true }, {}, true],
    [{ everyone: true }, { email: undefined }, true],
    [{ everyone: true, provider: 'gitlab' }, {}, false],
    [{ email: ['*@example.com'] }, {}, true],
    [{ email: ['*@example.com'] }, { email: undefined }, false],
    [{ email: ['*@example.com'] }, { email: 'ana@sub.example.com' }, false],
    [{ email: ['bob@example.com', 'ana@example.com'] }, {}, true],
    [{ domain: ['example.com'] }, {}, true],
    [{ domain: ['example.com'] }, { email: 'ana@evil-example.com' }, false],
    [{ domain: ['*.example.com'] }, { email: 'ana@a.example.com' }, true],
    [{ domain: ['*.example.com'] }, {}, false],
    [{ groups: ['eng-*'] }, { groups: ['sales', 'eng-web'] }, true],
    [{ groups: ['eng-*'] }, { groups: ['Eng-web'] }, false],
    [{ groups: ['eng-*'] }, {}, false],
    [{ email: ['*@example.com'], groups: ['eng'] }, {}, false],
    [{ email: ['*@example.com'], groups: ['eng'] }, { groups: ['eng'] }, true],
    [{ provider: 'google', email: ['*@example.com'] }, {}, true],
    [{ provider: 'gitlab', email: ['*@example.com'] }, {}, false],
  ];
  for (const [of, who, wanted] of cases) t.equal(isFor(rule(of), at(who)), wanted, JSON.stringify([of, who]));
});

t.test("Google's addresses count for a domain with the account of that domain only", async (t) => {
  const ofExample = rule({ domain: ['example.com'] });
  t.equal(isFor(ofExample, at({}, true)), false);
  t.equal(isFor(ofExample, at({ hostedDomain: 'evil.com' }, true)), false);
  t.equal(isFor(ofExample, at({ hostedDomain: 'example.com' }, true)), true);
});

t.test('every rule that matches counts', async (t) => {
  const rules = [
    rule({ everyone: true, team: false, envPatterns: ['demo'] }),
    rule({ email: ['ana@example.com'], team: true, envPatterns: ['pr-*', 'demo'] }),
    rule({ groups: ['ops'], admin: true, team: false }),
  ];
  const seen = { principal: undefined, email: 'ana@example.com' };
  t.same(viewerBy(rules, at()), { ...seen, member: true, admin: false, envPatterns: ['demo', 'pr-*'] });
  t.same(viewerBy(rules, at({ groups: ['ops'] })).admin, true);
  t.same(viewerBy(rules, at({ email: 'bob@example.com' })), {
    principal: undefined,
    email: 'bob@example.com',
    member: false,
    admin: false,
    envPatterns: ['demo'],
  });
});

t.test('whom no rule is for is known by the address only', async (t) => {
  t.same(viewerBy([rule({ groups: ['ops'] })], at()), {
    member: false,
    admin: false,
    principal: undefined,
    envPatterns: [],
    email: 'ana@example.com',
  });
});
