import { Agent, request, type RequestOptions } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import type { Portholed } from './portholed.ts';
import { visitorOptions } from './visitor.ts';

export interface SteadyLoad {
  /** Requests that were answered as they should be. */
  readonly answered: number;
  /** What went wrong with the others. */
  readonly failures: readonly string[];
  /** Sends nothing more; settles when all is answered. */
  stop(): Promise<void>;
}

const body = 'a body that has to arrive whole';

/**
 * Asks for the same page again and again, `GET` and `POST` in turn, on kept connections and on new ones, until it is stopped. The app must
 * answer with the method and the length of the body, such as `POST 31`.
 */
export function steadyLoad(
  gateway: Portholed,
  host: string,
  { streams = 4, intervalMs = 10, address = '127.0.0.1' } = {},
): SteadyLoad {
  const agents = [new Agent({ keepAlive: true }), new Agent({ keepAlive: false })];
  const failures: string[] = [];
  const load = { answered: 0, failures, stop };
  let stopped = false;
  const runs = Array.from({ length: streams }, (_, stream) => run(agents[stream % 2]));
  return load;

  async function run(agent: Agent | undefined): Promise<void> {
    for (let turn = 0; !stopped; turn += 1) {
      const method = turn % 2 === 0 ? 'GET' : 'POST';
      const wanted = method === 'GET' ? 'GET 0' : `POST ${String(body.length)}`;
      const got = await ask({
        ...visitorOptions(gateway, host),
        host: address,
        agent,
        method,
        headers: { host },
      });
      if (got === wanted) load.answered += 1;
      else failures.push(`${method}: ${got}`);
      await pause(intervalMs);
    }
  }

  async function stop(): Promise<void> {
    stopped = true;
    await Promise.all(runs);
    for (const agent of agents) agent.destroy();
  }
}

/** The body of a good answer; the status and body of another one, or the error. */
function ask(options: RequestOptions): Promise<string> {
  return new Promise((settle) => {
    const outgoing = request(options, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('error', (error) => settle(error.message));
      answer.on('end', () =>
        settle(answer.statusCode === 200 ? text : `${String(answer.statusCode)} ${text}`),
      );
    });
    outgoing.on('error', (error) => settle(`${error.message} (reused: ${String(outgoing.reusedSocket)})`));
    outgoing.end(options.method === 'POST' ? body : undefined);
  });
}
