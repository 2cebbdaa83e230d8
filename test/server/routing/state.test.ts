import fc from 'fast-check';
import t from 'tap';
import {
  combinedState,
  nextStatus,
  offline,
  ready,
  serviceStates,
  type ServiceEvent,
  type ServiceStatus,
} from '../../../server/routing/state.ts';

const refusing: ServiceStatus = { kind: 'degraded', cause: 'refused', detail: 'nothing at 127.0.0.1:3000' };
const silent: ServiceStatus = {
  kind: 'degraded',
  cause: 'timeout',
  detail: 'the machine did not answer in time',
};
const mute: ServiceStatus = { kind: 'degraded', cause: 'silent', detail: 'nothing is heard of the machine' };
const reconnecting: ServiceStatus = { kind: 'reconnecting' };
const withdrawn: ServiceStatus = { kind: 'offline', withdrawn: true };
const expired: ServiceStatus = { kind: 'expired' };

const accepted: ServiceEvent = { kind: 'opened', result: 'accepted' };
const refused: ServiceEvent = { kind: 'opened', result: 'refused', detail: 'nothing at 127.0.0.1:3000' };
const refusedOtherwise: ServiceEvent = { kind: 'opened', result: 'refused', detail: 'other words' };
const timedOut: ServiceEvent = { kind: 'opened', result: 'timeout' };

const live = [ready, refusing, silent, mute];
const gone = [reconnecting, offline, withdrawn, expired];
const all = [...live, ...gone];

/** For each event: what it makes of whom; it leaves all others as they are. */
const table: [event: ServiceEvent, ...changes: [from: readonly ServiceStatus[], to: ServiceStatus][]][] = [
  [{ kind: 'connected' }, [gone, ready]],
  [accepted, [[refusing, silent, mute], ready]],
  [refused, [[ready, silent, mute], refusing]],
  [refusedOtherwise, [[ready, silent, mute], { ...refusing, detail: 'other words' }]],
  [timedOut, [[ready, refusing], silent]],
  [
    { kind: 'opened', result: 'refused' },
    [[ready, silent, mute], { ...refusing, detail: 'the machine refused the connection' }],
  ],
  [{ kind: 'opened', result: 'limit' }],
  [{ kind: 'opened', result: 'gone' }],
  [{ kind: 'silent' }, [[ready, refusing, silent], mute]],
  [{ kind: 'heard' }, [[mute], ready]],
  [{ kind: 'draining' }],
  [{ kind: 'lost' }, [live, reconnecting]],
  [{ kind: 'withdrawn', alone: true }, [live, withdrawn]],
  [{ kind: 'withdrawn', alone: false }, [live, reconnecting]],
  [{ kind: 'deserted' }, [[withdrawn], reconnecting]],
  [{ kind: 'expired' }, [live, expired]],
  [{ kind: 'hold-over' }, [[reconnecting, withdrawn], offline]],
  [{ kind: 'recalled', state: 'ready' }, [gone, reconnecting]],
  [{ kind: 'recalled', state: 'degraded' }, [gone, reconnecting]],
  [{ kind: 'recalled', state: 'reconnecting' }, [gone, reconnecting]],
  [{ kind: 'recalled', state: 'offline' }, [gone, offline]],
  [{ kind: 'recalled', state: 'expired' }, [gone, expired]],
];

for (const [event, ...changes] of table) {
  t.test(JSON.stringify(event), (t) => {
    for (const from of all) {
      const change = changes.find(([whom]) => whom.includes(from));
      const to = nextStatus(from, event);
      t.same(to, change?.[1] ?? from, JSON.stringify(from));
      if (change === undefined) t.equal(to, from, 'the very same');
    }
    t.end();
  });
}

t.test('the same event once more changes nothing, in whatever order they come', (t) => {
  const events = fc.array(fc.constantFrom(...table.map(([event]) => event)));
  fc.assert(
    fc.property(events, (events) => {
      let status: ServiceStatus = offline;
      for (const event of events) {
        status = nextStatus(status, event);
        const again = nextStatus(status, event);
        t.same(again.kind, status.kind);
        if (event.kind === 'opened') t.equal(again, status);
      }
    }),
  );
  t.end();
});

t.test('what consists of several is as good as its best part', (t) => {
  t.equal(combinedState([]), 'offline');
  t.equal(combinedState(['expired', 'expired']), 'expired');
  t.equal(combinedState(['expired', 'offline']), 'offline');
  t.equal(combinedState(['offline', 'reconnecting', 'expired']), 'reconnecting');
  t.equal(combinedState(['reconnecting', 'degraded']), 'degraded');
  t.equal(combinedState(['degraded', 'offline', 'ready']), 'ready');
  const states = fc.array(fc.constantFrom(...serviceStates), { minLength: 1 });
  fc.assert(
    fc.property(states, (states) => {
      const best = serviceStates.find((state) => states.includes(state));
      return combinedState(states) === best && combinedState(states.toReversed()) === best;
    }),
  );
  t.end();
});
