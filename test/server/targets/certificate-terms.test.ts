import t from 'tap';
import { certificateTerms, type TermsRequest } from '../../../server/targets/certificate-terms.ts';
import type { TargetRecord } from '../../../server/targets/target-record.ts';

const now = Date.UTC(2026, 10, 22, 15);
const minuteMs = 60_000;
const target: TargetRecord = {
  id: '11111111-2222-3333-4444-555555555555',
  name: 'pr-1',
  env: 'pr-1',
  owner: 'vm',
  hostKeys: [],
  origin: 'reported',
  takesCertificates: true,
  osUsers: [],
  reach: 'members',
  services: [],
  createdAt: 0,
  createdBy: 'vm',
};
const allowed = {
  kind: 'allowed',
  gate: {} as never,
  by: 'member',
  until: undefined,
  osUsers: 'any',
} as const;

function terms(more: Partial<TermsRequest> = {}): ReturnType<typeof certificateTerms> {
  return certificateTerms({
    ...{ identity: {}, target, allowed, osUser: 'dev', ttlMs: undefined, longestMs: 10 * minuteMs, now },
    ...more,
  });
}

function life(more: Partial<TermsRequest>): [afterMs: number, beforeMs: number] | undefined {
  const drawn = terms(more);
  if (drawn.kind === 'refused') return undefined;
  return [drawn.terms.validAfter * 1000 - now, drawn.terms.validBefore * 1000 - now];
}

t.test('one principal, for one user of one machine', async (t) => {
  t.match(terms(), { kind: 'terms', terms: { osUser: 'dev', principal: `vm:${target.id}/dev` } });
  const usual = { ...target, osUser: 'ops' };
  t.match(terms({ osUser: undefined, target: usual }), { terms: { osUser: 'ops' } });
  t.match(terms({ target: usual }), { terms: { osUser: 'dev' } });
});

t.test('what is refused, with what to do', async (t) => {
  const cases: [Partial<TermsRequest>, RegExp][] = [
    [{ target: { ...target, takesCertificates: false } }, /porthole agent setup/],
    [{ osUser: undefined }, /--os-user USER/],
    [{ target: { ...target, osUsers: ['ops', 'web'] } }, /for ops, web, and none for "dev"/],
    [{ allowed: { ...allowed, osUsers: ['ops'] } }, /your grant lets you be ops on pr-1, and not "dev"/],
    [{ allowed: { ...allowed, osUsers: [] } }, /your grant/],
    [{ allowed: { ...allowed, until: now } }, /ends at this moment/],
    [{ identity: { expiresAt: now - 1 } }, /ends at this moment/],
  ];
  for (const [more, reason] of cases) t.match(terms(more), { kind: 'refused', reason });
});

t.test('good for the least of all that limits it, and from a minute ago', async (t) => {
  t.same(life({}), [-minuteMs, 10 * minuteMs]);
  t.same(life({ ttlMs: 5 * minuteMs }), [-minuteMs, 5 * minuteMs]);
  t.same(life({ ttlMs: 3_600_000 }), [-minuteMs, 10 * minuteMs]);
  t.same(life({ allowed: { ...allowed, until: now + 90_000 } }), [-minuteMs, 90_000]);
  t.same(life({ identity: { expiresAt: now + 30_500 } }), [-minuteMs, 30_000]);
});

t.test('a machine counts the whole of a life, which begins before now', async (t) => {
  t.same(life({ target: { ...target, longestCertificateMs: 5 * minuteMs } }), [-minuteMs, 4 * minuteMs]);
  t.same(life({ target: { ...target, longestCertificateMs: minuteMs } }), [-30_000, 30_000]);
  for (const at of [0, 1, 499, 500, 999]) {
    const drawn = terms({ now: now + at, target: { ...target, longestCertificateMs: 61_000 } });
    if (drawn.kind === 'refused') throw new Error(drawn.reason);
    t.ok(drawn.terms.validBefore - drawn.terms.validAfter <= 61, String(at));
  }
});
