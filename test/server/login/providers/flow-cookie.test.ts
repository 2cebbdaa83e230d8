import fc from 'fast-check';
import t from 'tap';
import { flowCookie, flowLifeMs, readFlows } from '../../../../server/login/providers/flow-cookie.ts';
import { newFlow } from '../../../../server/login/providers/login-flow.ts';
import { plainSealer } from './plain-sealer.ts';

const context = { host: 'preview.example.com', sealer: plainSealer, nowMs: 1_800_000_000_000 };
const begun = (query = '', at = context.nowMs) => newFlow({ provider: 'google', at, query });
const sent = (cookie: string): string => cookie.split(';', 1).join('');

t.test('what a browser has begun comes back, the newest first', async (t) => {
  const flows = [begun(), begun('to=web--pr-1&return=%2F')];
  const cookie = flowCookie(flows, context);
  t.match(cookie, /^__Host-porthole_oidc=[\w.~-]+; Path=\/; Max-Age=600; Secure; HttpOnly; SameSite=Lax$/);
  t.same(readFlows(`a=b; ${sent(cookie)}`, context), flows);
  t.same(readFlows(undefined, context), []);
});

t.test('nobody else has a use for it, nor has anybody later', async (t) => {
  const header = sent(flowCookie([begun()], context));
  t.same(readFlows(header, { ...context, host: 'web--pr-1.preview.example.com' }), []);
  t.same(readFlows(header, { ...context, nowMs: context.nowMs + flowLifeMs }), []);
  t.equal(readFlows(header, { ...context, nowMs: context.nowMs + flowLifeMs - 1 }).length, 1);
  const other = plainSealer.seal('login', context.host, JSON.stringify(begun()));
  t.same(readFlows(`__Host-porthole_oidc=${other}`, context), []);
  for (const text of ['7', 'null', '{', '{"verifier":"x"}', JSON.stringify({ ...begun(), at: '1' })])
    t.same(readFlows(`__Host-porthole_oidc=${plainSealer.seal('state', context.host, text)}`, context), []);
});

t.test('it holds four logins, and no more than a browser keeps', async (t) => {
  const five = Array.from({ length: 5 }, () => begun('to=web--pr-1&return=%2F&state=x'));
  t.same(readFlows(sent(flowCookie(five, context)), context), five.slice(0, 4));
  const query = `to=web--pr-1&return=${'x'.repeat(1200)}`;
  const long = [begun(query), begun(query), begun(query)];
  const cookie = flowCookie(long, context);
  t.ok(cookie.length <= 4096);
  t.same(readFlows(sent(cookie), context), long.slice(0, 2));
  const longest = begun(`to=web--pr-1&return=${'x'.repeat(2048)}&state=s`);
  t.match(readFlows(sent(flowCookie([longest], context)), context), [
    { verifier: longest.verifier, query: 'to=web--pr-1&return=%2F&state=s' },
  ]);
  t.match(flowCookie([], context), /^__Host-porthole_oidc=; .*Max-Age=0;/);
});

t.test('any header is read', async () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      readFlows(text, context);
      readFlows(`__Host-porthole_oidc=${text}`, context);
    }),
  );
});
