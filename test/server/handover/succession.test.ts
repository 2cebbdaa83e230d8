import { PassThrough } from 'node:stream';
import type { Socket } from 'node:net';
import t from 'tap';
import { claimFrom, enter, type Claimable } from '../../../server/handover/succession.ts';
import type { Grant } from '../../../server/handover/successor.ts';

const onPeer = (): void => undefined;
const asked = { version: '1.0.0', onPeer };

/** A directory whose claim succeeds as the list says, and where somebody answers what is given, or there is nobody. */
function directory(claims: boolean[], answer?: string): Claimable & { claims: boolean[] } {
  return {
    path: '/state',
    claims,
    claim: async () => claims.shift() ?? false,
    dial: async () => {
      if (answer === undefined) return undefined;
      const stream = new PassThrough() as unknown as Socket & { unref(): void };
      stream.unref = () => stream;
      // What is written comes back as what is heard, so only the answer may pass.
      stream.write = () => true;
      if (answer === 'over') setImmediate(() => stream.destroy());
      else setImmediate(() => stream.push(`${answer}\n`));
      return stream;
    },
  };
}

t.test('a free directory is claimed, asked to replace or not', async (t) => {
  t.equal(await enter(directory([true]), { ...asked, replace: false }), undefined);
  t.equal(await enter(directory([true]), { ...asked, replace: true }), undefined);
});

t.test('a taken one is refused, with the way out', async (t) => {
  const taken = enter(directory([false]), { ...asked, replace: false });
  await t.rejects(taken, { code: 'ERR_STATE_DIR', message: /\/state; stop it first, .*--replace/ });
});

t.test('with --replace, the other answers', async (t) => {
  const granted =
    '{"v":1,"kind":"granted","pid":7,"version":"0.9.0","places":{"shared":[],"ssh":[],"http":[],"metrics":[]}}';
  t.match(await enter(directory([false], granted), { ...asked, replace: true }), {
    pid: 7,
    version: '0.9.0',
  });
  const refused = enter(directory([false], '{"v":1,"kind":"refused","reason":"not now"}'), {
    ...asked,
    replace: true,
  });
  await t.rejects(refused, { code: 'ERR_STATE_DIR', message: /cannot be replaced: not now$/ });
});

t.test('one that dies while it is asked leaves its place', async (t) => {
  t.equal(await enter(directory([false, false, true], 'over'), { ...asked, replace: true }), undefined);
  t.equal(await enter(directory([false, true]), { ...asked, replace: true }), undefined);
});

t.test('one that lives and never answers is told', async (t) => {
  const deaf = enter(directory([], 'over'), { ...asked, replace: true });
  await t.rejects(deaf, { code: 'ERR_STATE_DIR', message: /gives no answer/ });
});

t.test('the claim follows when the other has let go', async (t) => {
  const grant = (releases: boolean): Grant => ({
    ...{ pid: 7, version: '0.9.0', places: { shared: [], ssh: [], http: [], metrics: [] } },
    takeOver: async () => releases,
    abandon: () => undefined,
  });
  const slow = directory([false, true]);
  await claimFrom(grant(true), slow, onPeer);
  t.same(slow.claims, []);
  await t.rejects(claimFrom(grant(false), directory([true]), onPeer), { message: /does not let go/ });
  await t.rejects(claimFrom(grant(true), directory([]), onPeer), { message: /another portholed runs/ });
});
