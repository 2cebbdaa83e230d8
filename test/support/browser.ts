import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import type { Portholed } from './portholed.ts';
import type { TestScope } from './scope.ts';

const quiet = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-component-update'],
  ...['--disable-background-networking', '--disable-dev-shm-usage'],
];

/**
 * A real Chromium that finds all hosts on this machine, and takes the gateway's certificates for good: an error that it is told to overlook would
 * switch off service workers, `Clear-Site-Data` and more.
 */
export async function startBrowser(t: TestScope, gateway: Portholed): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      ...quiet,
      '--host-resolver-rules=MAP * 127.0.0.1',
      `--ignore-certificate-errors-spki-list=${keyHash(gateway)}`,
    ],
  });
  t.teardown(() => browser.close());
  return browser;
}

/** All certificates of a gateway's own authority have one key. */
function keyHash({ stateDir }: Portholed): string {
  const { publicKey } = new X509Certificate(readFileSync(join(stateDir, 'leaf.pem')));
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64');
}

/** A page of a new browser profile, and the profile. */
export async function newProfile(browser: Browser): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext();
  return { context, page: await context.newPage() };
}

export interface Fetched {
  /** 0 when the page learned nothing, not even that. */
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a page gets that calls `fetch`; as its script sees it. */
export function fetchIn(page: Page, url: string, init: object = {}): Promise<Fetched> {
  return page.evaluate<Fetched>(`(async () => {
    try {
      const answer = await fetch(${JSON.stringify(url)}, ${JSON.stringify(init)});
      const headers = Object.fromEntries(answer.headers);
      return { status: answer.status, body: await answer.text(), headers };
    } catch (error) {
      return { status: 0, body: String(error), headers: {} };
    }
  })()`);
}

/** What a page's WebSocket hears in answer to one word, or `closed` when it cannot open. */
export function echoIn(page: Page, url: string): Promise<string> {
  return page.evaluate<string>(`new Promise((resolve) => {
    const socket = new WebSocket(${JSON.stringify(url)});
    socket.onopen = () => socket.send('hello');
    socket.onmessage = ({ data }) => { resolve(data); socket.close(); };
    socket.onclose = () => resolve('closed');
  })`);
}

/** The first event that a page hears, with its cookies sent along, or `error`. */
export function eventIn(page: Page, url: string): Promise<string> {
  return page.evaluate<string>(`new Promise((resolve) => {
    const source = new EventSource(${JSON.stringify(url)}, { withCredentials: true });
    const end = (text) => { source.close(); resolve(text); };
    source.onmessage = ({ data }) => end(data);
    source.onerror = () => end('error');
  })`);
}
