import { EventEmitter } from 'node:events';
import type { Connection } from 'ssh2';
import t from 'tap';
import { answerForwardRequests } from '../../../server/ssh/forward-requests.ts';
import type { Forwarding } from '../../../server/ssh/forwarding.ts';

const info = { bindAddr: 'web', bindPort: 80 };

/** A connection with a forwarding that answers as told, and what the client was answered. */
function make(forwarding: Partial<Record<'request' | 'cancel', (request: unknown) => unknown>>) {
  const connection = new EventEmitter();
  const answers: unknown[] = [];
  answerForwardRequests(connection as unknown as Connection, {
    forwarding: forwarding as unknown as Forwarding,
    onRefused: (refusal) => answers.push(['told', refusal]),
    onFault: (error) => answers.push(['fault', (error as Error).message]),
  });
  const accept = (port?: number): void => void answers.push(['accepted', port]);
  const reject = (): void => void answers.push(['rejected']);
  return {
    answers,
    ask: (name: string, data: unknown = info) => connection.emit('request', accept, reject, name, data),
    tell: (name: string, data: unknown = info) =>
      connection.emit('request', undefined, undefined, name, data),
  };
}

t.test('accepted with the port', (t) => {
  const { ask, answers } = make({ request: () => ({ ok: true, port: 8080 }) });
  ask('tcpip-forward');
  t.same(answers, [['accepted', 8080]]);
  t.end();
});

t.test('refused: whoever can be told is told before', (t) => {
  const { ask, answers } = make({ request: () => ({ ok: false, reason: 'taken' }) });
  ask('streamlocal-forward@openssh.com', { socketPath: '/web' });
  t.same(answers, [
    ['told', { request: { kind: 'streamlocal', socketPath: '/web' }, reason: 'taken' }],
    ['rejected'],
  ]);
  t.end();
});

t.test('withdrawn, or not there', (t) => {
  const asked: unknown[] = [];
  const { ask, answers } = make({
    cancel: (request) => {
      asked.push(request);
      return asked.length === 1;
    },
  });
  ask('cancel-tcpip-forward');
  ask('cancel-streamlocal-forward@openssh.com', { socketPath: '/web' });
  t.same(answers, [['accepted', undefined], ['rejected']]);
  t.same(asked, [
    { kind: 'tcpip', bindAddr: 'web', bindPort: 80 },
    { kind: 'streamlocal', socketPath: '/web' },
  ]);
  t.end();
});

t.test('a client may want no answer', (t) => {
  const { tell, answers } = make({ request: () => ({ ok: true, port: 80 }), cancel: () => true });
  tell('tcpip-forward');
  tell('cancel-tcpip-forward');
  t.same(answers, []);
  t.end();
});

t.test("a bug of ours does not get into ssh2's parser", (t) => {
  const { ask, answers } = make({
    request: () => {
      throw new Error('a bug');
    },
  });
  ask('tcpip-forward');
  t.same(answers, [['fault', 'a bug']]);
  t.end();
});
