import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { TestScope } from './scope.ts';
import { startApp as startWebApp, type WebApp } from './web-app.ts';

/** What an app saw of one request. */
export interface SeenRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** An app that remembers what it was asked. */
export interface RecordingApp extends WebApp {
  readonly seen: SeenRequest[];
}

/** Starts an app that answers everything with its name, unless `answer` does otherwise. */
export async function startApp(
  t: Pick<TestScope, 'teardown'>,
  name: string,
  answer: RequestListener = (request, response) => {
    request.resume();
    response.setHeader('Content-Type', 'text/plain').end(`${name}\n`);
  },
): Promise<RecordingApp> {
  const seen: SeenRequest[] = [];
  const record = (request: IncomingMessage, response: ServerResponse): void => {
    const { method = '', url = '', headers } = request;
    seen.push({ method, path: url, headers });
    answer(request, response);
  };
  const app = await startWebApp(t, record);
  return { ...app, seen };
}
