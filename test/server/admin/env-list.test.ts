import t from 'tap';
import { environmentList, type ClaimedName } from '../../../server/admin/env-list.ts';
import type { EnvironmentView } from '../../../server/routing/resolution.ts';

const now = Date.UTC(2030, 0, 1);

function named(
  name: string,
  endsAt: number | undefined,
  overrides: Partial<EnvironmentView> = {},
): ClaimedName {
  const view: EnvironmentView = {
    name,
    owner: 'me',
    state: endsAt === undefined ? 'ready' : 'offline',
    sinceMs: now,
    lastSeenAt: now,
    services: [],
    access: 'private',
    ...overrides,
  };
  return { view, endsAt };
}

function service(name: string | undefined, port?: number): EnvironmentView['services'][number] {
  const route = { env: 'pr-1', service: name, port };
  return { route, access: 'public', state: 'ready', sinceMs: now, detail: undefined };
}

const facts = { principal: 'me', now, all: false };

t.test('online first, by name; then those whose claims last longest', (t) => {
  const names = [named('c', now + 5), named('b', undefined), named('d', now + 9), named('a', undefined)];
  const answer = environmentList(names, facts);
  t.match(answer, { value: { environments: ['a', 'b', 'd', 'c'].map((env) => ({ env })), more: 0 } });
  t.end();
});

t.test('services in a few words', (t) => {
  const services = [service(undefined), service('web'), service('web', 8080), service(undefined, 3000)];
  t.match(environmentList([named('pr-1', undefined, { services })], facts), {
    lines: [/^NAME/, / \(default\) web web:8080 :3000$/],
    value: {
      environments: [{ services: [{ service: null, port: null }, {}, { service: 'web', port: 8080 }, {}] }],
    },
  });
  const many = Array.from({ length: 20 }, (_, index) => service(`s${index}`));
  t.match(environmentList([named('pr-1', undefined, { services: many })], facts), {
    lines: [/^NAME/, / s7 \.\.\.$/],
  });
  t.match(environmentList([named('pr-1', undefined)], facts), { lines: [/^NAME/, / -$/] });
  t.end();
});

t.test('the very moment in which a claim ends is the last of it', (t) => {
  t.match(environmentList([named('pr-1', now)], facts), { value: { environments: [{ free: false }] } });
  t.match(environmentList([named('pr-1', now - 1)], facts), {
    value: { environments: [] },
    lines: ['no name is taken'],
    notes: [/^1 more, free again/],
  });
  t.match(environmentList([named('pr-1', now - 1)], { ...facts, all: true }), {
    value: { environments: [{ free: true, claimedUntil: '2029-12-31T23:59:59.999Z' }] },
  });
  t.match(environmentList([], { ...facts, all: true }), { lines: ['no environment is known'] });
  t.end();
});
