import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { commandsBySsh, type Told } from './admin-by-ssh.ts';
import { Portholed } from './portholed.ts';
import { startPreviewApp, type PreviewApp } from './preview-app.ts';
import type { Program } from './program.ts';
import { scratchDir } from './scratch-dir.ts';
import type { TestScope } from './scope.ts';
import { makeKey, type SshKey } from './ssh-keys.ts';
import { offer } from './stock-ssh.ts';

export type Name = 'root' | 'ana' | 'bob' | 'eve';

/** `root` is the operator, `ana` and `bob` are members, `eve` has a machine key. */
const roles: Readonly<Record<Name, string>> = { root: 'admin', ana: 'member', bob: 'member', eve: 'machine' };

/** An environment with two services, each with its app. */
export interface Preview {
  readonly web: PreviewApp;
  readonly api: PreviewApp;
  readonly ssh: Program;
}

/** A gateway as its own process, and people who use it with the real ssh. */
export class PreviewTeam {
  readonly gateway: Portholed;
  readonly keys: Readonly<Record<Name, SshKey>>;
  readonly domain: string;
  readonly #t: TestScope;
  readonly #keysFile: string;

  static async start(
    t: TestScope,
    args: readonly string[] = [],
    domain = 'preview.test',
  ): Promise<PreviewTeam> {
    const keys = { root: makeKey(t), ana: makeKey(t), bob: makeKey(t), eve: makeKey(t) };
    const keysFile = join(scratchDir(t), 'authorized_keys');
    writeKeys(keysFile, keys);
    const words = ['--domain', domain, '--authorized-keys', keysFile, ...args];
    const gateway = await Portholed.start(t, words);
    t.teardown(() => {
      if (t.passing()) return;
      t.comment(gateway.lines.map((line) => JSON.stringify(line)).join('\n'), gateway.stderr);
    });
    return new PreviewTeam(t, { gateway, keys, domain, keysFile });
  }

  private constructor(
    t: TestScope,
    parts: { gateway: Portholed; keys: PreviewTeam['keys']; domain: string; keysFile: string },
  ) {
    this.#t = t;
    this.gateway = parts.gateway;
    this.keys = parts.keys;
    this.domain = parts.domain;
    this.#keysFile = parts.keysFile;
  }

  /** `https://web--pr-1.preview.test:PORT/path`; without a label the gateway's own host. */
  url(label: string, path = '/'): string {
    const host = label === '' ? this.domain : `${label}.${this.domain}`;
    return `https://${host}:${String(this.gateway.port)}${path}`;
  }

  /** Somebody offers `web` and `api` of an environment, with the real ssh; `options` as in `?access=public`. */
  async offer(who: Name, env: string, options = ''): Promise<Preview> {
    const t = this.#t;
    const [web, api] = [await startPreviewApp(t, `web of ${env}`), await startPreviewApp(t, `api of ${env}`)];
    const forward = (service: string, { port }: PreviewApp): string[] => [
      '-R',
      `/${service}${options}:127.0.0.1:${String(port)}`,
    ];
    const ssh = await offer(
      t,
      { gateway: this.gateway, key: this.keys[who] },
      { env, args: [...forward('web', web), ...forward('api', api)] },
    );
    return { web, api, ssh };
  }

  /** `ssh gateway WORDS`. */
  async command(who: Name, words: string | readonly string[], input?: string): Promise<Told> {
    return commandsBySsh(this.#t, this.gateway, this.keys[who])(words, input);
  }

  /** The same, whose output is what counts; it must succeed. */
  async told(who: Name, words: readonly string[], input?: string): Promise<unknown> {
    const { code, stdout, stderr } = await this.command(who, [...words, '--json'], input);
    if (code !== 0) throw new Error(`${words.join(' ')} ended with ${String(code)}: ${stderr}${stdout}`);
    return JSON.parse(stdout) as unknown;
  }

  /** Logs a browser in by `ssh gateway login`, and the click that this asks for. */
  async logIn(who: Name, page: Page): Promise<void> {
    const { url } = (await this.told(who, ['login'])) as { url: string };
    await page.goto(url);
    await page.locator('main form button, main button').first().click();
    await page.waitForURL((at) => at.pathname !== new URL(url).pathname);
  }

  /** The key admits nobody any more. */
  withdraw(who: Name): void {
    writeKeys(this.#keysFile, this.keys, who);
  }
}

function writeKeys(path: string, keys: PreviewTeam['keys'], without?: Name): void {
  const lines = (Object.keys(roles) as Name[])
    .filter((name) => name !== without)
    .map((name) => `principal="${name}",role="${roles[name]}" ${keys[name].line}\n`);
  writeFileSync(path, lines.join(''));
}
