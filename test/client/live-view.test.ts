import t, { type Test } from 'tap';
import type { LiveTerminal } from '../../client/live-terminal.ts';
import { LiveView, type WatchedSession } from '../../client/live-view.ts';
import { until } from '../support/until.ts';

const place = { server: 'https://gw', env: 'pr-1' };

class FakeTerminal implements LiveTerminal {
  columns = 80;
  rows = 24;
  readonly colour = false;
  readonly pictures: string[] = [];
  readonly #listeners = new Set<() => void>();
  closed = false;

  write(text: string): void {
    this.pictures.push(text);
  }

  onDisturbed(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  disturb(): void {
    for (const listener of this.#listeners) listener();
  }

  close(): void {
    this.closed = true;
  }
}

class FakeSession implements WatchedSession {
  roundTripMs: number | undefined = 3;
  onLine: ((line: string) => void) | undefined;
  command = '';

  follow(command: string, onLine: (line: string) => void): () => void {
    this.command = command;
    this.onLine = onLine;
    return () => {
      this.onLine = undefined;
    };
  }
}

function setUp(t: Test): {
  terminal: FakeTerminal;
  tunnels: { lead: FakeSession | undefined };
  view: LiveView;
} {
  const terminal = new FakeTerminal();
  const tunnels = { lead: undefined };
  const view = new LiveView(terminal, place, tunnels);
  t.teardown(() => {
    if (!terminal.closed) view.close();
  });
  return { terminal, tunnels, view };
}

t.test('a picture is drawn over the one before, and only when something is different', async (t) => {
  const { terminal, view } = setUp(t);
  await until('the first picture', () => terminal.pictures.length === 1);
  t.match(terminal.pictures[0], /^\r\u001b\[Jpr-1: connecting.*\r$/);
  view.tell([{ event: 'tunnels', live: 1, wanted: 2 }]);
  view.tell([{ event: 'forward', service: null, port: null, target: 'x:1', url: 'https://gw/' }]);
  await until('another', () => terminal.pictures.length === 2);
  t.match(
    terminal.pictures[1],
    /^\r\u001b\[J[^]*\r\u001b\[1A$/,
    'two events, one picture; the cursor goes back up',
  );
  view.tell([{ event: 'tunnels', live: 1, wanted: 2 }]);
  terminal.columns = 30;
  terminal.disturb();
  await until('one for the new size', () => terminal.pictures.length === 3);
  view.close();
  t.equal(terminal.pictures.length, 4);
  t.match(terminal.pictures[3], /\r\n$/, 'the last one is left with the cursor below it');
  t.ok(terminal.closed);
});

t.test('requests are those of the connection that serves now', async (t) => {
  const { terminal, tunnels, view } = setUp(t);
  const line = (path: string): string =>
    JSON.stringify({ time: new Date(), service: null, method: 'GET', path, status: 200, ms: 1 });
  const [first, second] = [new FakeSession(), new FakeSession()];
  tunnels.lead = first;
  view.tell([{ event: 'connected', ...place }]);
  t.equal(first.command, 'requests --json');
  first.onLine?.(line('/one'));
  first.onLine?.('no JSON');
  await until('it is shown', () => terminal.pictures.at(-1)?.includes('GET /one') === true);
  t.match(terminal.pictures.at(-1), '3.0 ms');
  tunnels.lead = second;
  view.tell([{ event: 'moved' }]);
  t.equal(first.onLine, undefined, 'nothing is shown twice');
  second.onLine?.(line('/two'));
  await until('it is shown', () => terminal.pictures.at(-1)?.includes('GET /two') === true);
  view.stopping();
  await until('it is shown', () => terminal.pictures.at(-1)?.includes('stopping') === true);
});
