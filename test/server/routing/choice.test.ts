import t from 'tap';
import { choose, isSteady, type Line } from '../../../server/routing/choice.ts';
import { FakeForward } from '../../support/fake-forward.ts';

type Kind =
  'ready' | 'draining' | 'refusing' | 'refusing, due' | 'refusing, due, draining' | 'silent, due' | 'gone';

const nowMs = 1000;

function line(kind: Kind, requests = 0): Line {
  const forward = new FakeForward();
  forward.draining = kind.includes('draining');
  forward.load.requests = requests;
  if (kind === 'gone') forward.end();
  return kind.startsWith('refusing') || kind.startsWith('silent')
    ? {
        forward,
        status: { kind: 'degraded', cause: kind.startsWith('silent') ? 'silent' : 'refused', detail: '' },
        retryAtMs: kind.includes('due') ? nowMs : nowMs + 1,
      }
    : { forward, status: { kind: 'ready' }, retryAtMs: 0 };
}

interface Case {
  readonly name: string;
  readonly lines: readonly Kind[];
  readonly loads?: readonly number[];
  readonly balance?: boolean;
  readonly turn?: number;
  /** By place; undefined for none. */
  readonly chosen: number | undefined;
  readonly standby: number | undefined;
}

const cases: Case[] = [
  { name: 'none', lines: [], chosen: undefined, standby: undefined },
  { name: 'none that is live', lines: ['gone', 'gone'], chosen: undefined, standby: undefined },
  { name: 'one', lines: ['ready'], chosen: 0, standby: undefined },
  { name: 'the newest first', lines: ['ready', 'ready', 'ready'], chosen: 0, standby: 1 },
  { name: 'not one that is gone', lines: ['gone', 'ready', 'gone', 'ready'], chosen: 1, standby: 3 },
  { name: 'the only one, though it refuses', lines: ['refusing'], chosen: 0, standby: undefined },
  { name: 'one that works', lines: ['refusing', 'ready'], chosen: 1, standby: undefined },
  { name: 'a stand-by that works', lines: ['ready', 'refusing', 'ready'], chosen: 0, standby: 2 },
  { name: 'no stand-by that refuses', lines: ['ready', 'refusing'], chosen: 0, standby: undefined },
  { name: 'where all refuse, each is tried', lines: ['refusing', 'refusing, due'], chosen: 0, standby: 1 },
  {
    name: 'a trial, with what works behind it',
    lines: ['refusing, due', 'ready', 'ready'],
    chosen: 0,
    standby: 1,
  },
  { name: 'none for one that is silent', lines: ['silent, due', 'ready'], chosen: 1, standby: undefined },
  { name: 'no trial of an older one', lines: ['ready', 'refusing, due'], chosen: 0, standby: undefined },
  {
    name: 'no trial of one that drains',
    lines: ['refusing, due, draining', 'ready'],
    chosen: 1,
    standby: undefined,
  },
  { name: 'one that stays', lines: ['draining', 'ready'], chosen: 1, standby: 0 },
  {
    name: 'one that drains before one that refuses',
    lines: ['refusing', 'draining'],
    chosen: 1,
    standby: undefined,
  },
  { name: 'the newest of those that drain', lines: ['draining', 'draining'], chosen: 0, standby: 1 },
  {
    name: 'load says nothing without balance',
    lines: ['ready', 'ready'],
    loads: [9, 0],
    chosen: 0,
    standby: 1,
  },
  {
    name: 'the least busy',
    balance: true,
    lines: ['ready', 'ready', 'ready'],
    loads: [2, 1, 3],
    chosen: 1,
    standby: 0,
  },
  { name: 'ties in turn: 0', balance: true, lines: ['ready', 'ready'], turn: 0, chosen: 0, standby: 1 },
  { name: 'ties in turn: 1', balance: true, lines: ['ready', 'ready'], turn: 1, chosen: 1, standby: 0 },
  { name: 'ties in turn: 2', balance: true, lines: ['ready', 'ready'], turn: 2, chosen: 0, standby: 1 },
  {
    name: 'busy before refusing',
    balance: true,
    lines: ['refusing', 'ready'],
    loads: [0, 9],
    chosen: 1,
    standby: undefined,
  },
  {
    name: 'busy before draining',
    balance: true,
    lines: ['draining', 'ready'],
    loads: [0, 9],
    chosen: 1,
    standby: 0,
  },
  { name: 'a trial of any', balance: true, lines: ['ready', 'refusing, due'], chosen: 1, standby: 0 },
];

for (const { name, lines: kinds, loads = [], balance = false, turn = 0, chosen, standby } of cases) {
  t.test(name, (t) => {
    const lines = kinds.map((kind, i) => line(kind, loads[i]));
    const choice = choose(lines, { balance, turn, nowMs });
    const place = (of: Line | undefined): number | undefined =>
      of === undefined ? undefined : lines.indexOf(of);
    t.equal(place(choice?.line), chosen);
    t.equal(place(choice?.standby), standby);
    t.equal(choice?.trial ?? false, chosen !== undefined && name.includes('a trial'));
    t.end();
  });
}

t.test('a choice is kept until a line changes, where neither load nor time has a say', (t) => {
  t.equal(isSteady([line('ready')], true), true);
  t.equal(isSteady([line('refusing')], false), true);
  t.equal(isSteady([line('ready'), line('draining')], false), true);
  t.equal(isSteady([line('ready'), line('ready')], true), false);
  t.equal(isSteady([line('refusing'), line('ready')], false), false);
  t.end();
});
