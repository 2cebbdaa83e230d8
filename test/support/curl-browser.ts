import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { curl, type CurlAnswer } from './curl.ts';
import type { Portholed } from './portholed.ts';
import { scratchDir } from './scratch-dir.ts';
import type { TestScope } from './scope.ts';

/** The real curl with cookies of its own, as one browser that goes from page to page. */
export class CurlBrowser {
  readonly #t: TestScope;
  readonly #gateway: Portholed;
  readonly #jar: string;

  constructor(t: TestScope, gateway: Portholed) {
    this.#t = t;
    this.#gateway = gateway;
    this.#jar = join(scratchDir(t), 'cookies');
  }

  /** Goes to an address, and wherever it is sent on. */
  go(url: string, args: readonly string[] = []): Promise<CurlAnswer> {
    const asBrowser = ['--header', 'Accept: text/html', '--header', 'Sec-Fetch-Mode: navigate'];
    return this.#curl(['--location', ...asBrowser, ...args, url]);
  }

  /** Fills in what is typed, and presses the one button of a page. */
  submit(
    page: CurlAnswer,
    origin: string,
    typed: Readonly<Record<string, string>> = {},
  ): Promise<CurlAnswer> {
    const [, action = ''] = /<form method="post" action="([^"]*)"/.exec(page.body) ?? [];
    const fields = [...page.body.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)];
    const hidden = fields.map(([, name = '', value = '']) => [name, unescaped(value)] as const);
    const data = [...hidden, ...Object.entries(typed)].flatMap(([name, value]) => [
      '--data-urlencode',
      `${name}=${value}`,
    ]);
    return this.go(new URL(action, origin).href, [...data, '--header', `Origin: ${new URL(origin).origin}`]);
  }

  /** What it would send to a host, as a `Cookie` header. */
  cookiesOf(host: string): string {
    return readFileSync(this.#jar, 'utf8')
      .split('\n')
      .map((line) => line.replace(/^#HttpOnly_/, '').split('\t'))
      .filter(([domain, , , , , name]) => domain === host && name !== undefined)
      .map(([, , , , , name = '', value = '']) => `${name}=${value}`)
      .join('; ');
  }

  #curl(args: readonly string[]): Promise<CurlAnswer> {
    return curl(this.#t, this.#gateway, ['--cookie', this.#jar, '--cookie-jar', this.#jar, ...args]);
  }
}

/** Pages of the gateway write special characters as numbers. */
function unescaped(text: string): string {
  return text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
}
