import { once } from 'node:events';
import type { Child } from './child.ts';
import { until } from './patience.ts';
import { accepts } from './ports.ts';

const answerLimitMs = 10_000;

/** What a command of V8's inspector protocol may answer, as far as it is of use here. */
interface InspectorAnswer {
  readonly id?: number;
  readonly result?: { readonly result?: { readonly value?: unknown } };
}

/** Runs one command of V8's inspector protocol and gives the value that it evaluates to, if any. */
async function command(inspector: WebSocket, method: string, params: object = {}): Promise<unknown> {
  inspector.send(JSON.stringify({ id: 1, method, params }));
  const signal = AbortSignal.timeout(answerLimitMs);
  for (;;) {
    const [event] = await once(inspector, 'message', { signal });
    const { id, result }: InspectorAnswer = JSON.parse(event.data);
    if (id === 1) return result?.result?.value;
  }
}

async function openInspector(port: number): Promise<WebSocket> {
  const signal = AbortSignal.timeout(answerLimitMs);
  const answer = await fetch(`http://127.0.0.1:${port}/json/list`, { signal });
  const [{ webSocketDebuggerUrl }] = (await answer.json()) as [{ webSocketDebuggerUrl: string }];
  const inspector = new WebSocket(webSocketDebuggerUrl);
  await once(inspector, 'open', { signal });
  return inspector;
}

/**
 * The bytes that a Node process still refers to, in its heap and outside of it: what it would hold if it collected its garbage
 * now, which it is made to do. The process must have been started with `--inspect-port=PORT`; its inspector sleeps
 * until the first look.
 */
export async function liveBytes(child: Child, inspectPort: number): Promise<number> {
  if (!(await accepts(inspectPort))) child.signal('SIGUSR1');
  await until('the inspector listens', () => accepts(inspectPort), answerLimitMs);
  const inspector = await openInspector(inspectPort);
  try {
    // The first collection runs finalizers, and the second takes what they have let go.
    await command(inspector, 'HeapProfiler.collectGarbage');
    await command(inspector, 'HeapProfiler.collectGarbage');
    const expression = '(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())';
    return Number(await command(inspector, 'Runtime.evaluate', { expression }));
  } finally {
    inspector.close();
  }
}
