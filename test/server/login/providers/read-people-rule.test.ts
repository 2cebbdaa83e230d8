import fc from 'fast-check';
import t from 'tap';
import { isFor } from '../../../../server/login/providers/people-rule.ts';
import { readPeopleRule } from '../../../../server/login/providers/read-people-rule.ts';
import { person, rule } from './people.ts';

const problemsOf = (entry: unknown): unknown => {
  const read = readPeopleRule(entry);
  return 'problems' in read ? read.problems : [];
};

t.test('what is not said has its default', async (t) => {
  t.same(readPeopleRule({ everyone: true }), { value: rule({ everyone: true }) });
  const entry = {
    provider: 'google',
    email: '*@Example.com',
    domain: ['Example.com', '*.corp.example.com'],
    groups: ['Eng-*'],
    team: false,
    env: ['pr-*'],
    admin: true,
  };
  t.same(readPeopleRule(entry), {
    value: rule({
      provider: 'google',
      email: ['*@example.com'],
      domain: ['example.com', '*.corp.example.com'],
      groups: ['Eng-*'],
      team: false,
      envPatterns: ['pr-*'],
      admin: true,
    }),
  });
});

t.test('everything that is wrong is told', async (t) => {
  const wrong: [unknown, RegExp][] = [
    [{}, /needs email, domain or groups/],
    [{ everyone: false, team: true }, /needs email, domain or groups/],
    [{ everyone: true, email: ['a@b.com'] }, /takes no email/],
    [{ emails: ['a@b.com'] }, /unknown key \(did you mean email\?\)/],
    [{ email: [] }, /takes a list of patterns/],
    [{ email: [7] }, /takes a list of patterns/],
    [{ email: ['*'] }, /matches everybody/],
    [{ email: ['*@*'] }, /matches everybody/],
    [{ email: ['ana'] }, /takes addresses/],
    [{ email: ['@example.com'] }, /takes addresses/],
    [{ email: ['a@b@example.com'] }, /takes addresses/],
    [{ email: ['ana @example.com'] }, /takes addresses/],
    [{ email: ['ana@*'] }, /end in a domain/],
    [{ email: ['ana@*.com'] }, /end in a domain/],
    [{ email: ['*@*example.com'] }, /end in a domain/],
    [{ domain: ['*'] }, /matches everybody/],
    [{ domain: ['@example.com'] }, /takes domains/],
    [{ domain: ['*example.com'] }, /end in a domain/],
    [{ domain: ['*.com'] }, /end in a domain/],
    [{ domain: ['example.'] }, /end in a domain/],
    [{ groups: ['**'] }, /matches everybody/],
    [{ groups: ['x'.repeat(300)] }, /too long/],
    [{ everyone: true, env: ['PR-*'] }, /lower case/],
    [{ everyone: true, admin: 'yes' }, /true or false/],
    [{ everyone: true, provider: ['a'] }, /one provider/],
  ];
  for (const [entry, text] of wrong) t.match(problemsOf(entry), [{ text }], JSON.stringify(entry));
  t.same(problemsOf({ email: ['ana@localhost', '*@team.example.com', '*@*.example.com', 'a*@x.io'] }), []);
  t.match(problemsOf({ oops: 1, email: ['*'], env: ['-'] }), [{ key: 'oops' }]);
});

t.test('no pattern that is taken reaches beyond its domain', async () => {
  const label = fc.stringMatching(/^[a-z0-9*?-]{1,6}$/);
  const domain = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
  fc.assert(
    fc.property(domain, (pattern) => {
      const read = readPeopleRule({ domain: [pattern] });
      if ('problems' in read) return true;
      const isWild = /[*?]/.test(pattern);
      const end = pattern.split('.').slice(isWild ? -2 : 0);
      return (
        !/[*?]/.test(end.join('.')) &&
        !isFor(read.value, {
          person: person({ email: `ana@evil${end.join('.')}` }),
          needsHostedDomain: false,
        })
      );
    }),
  );
});

t.test('any entry is read or refused', async () => {
  fc.assert(
    fc.property(
      fc.object({ key: fc.constantFrom('email', 'domain', 'groups', 'env', 'x', 'team') }),
      (entry) => {
        readPeopleRule(entry);
      },
    ),
  );
});
