import type { GatewayWithKey } from './gateway-with-key.ts';
import { openssh } from './openssh.ts';
import type { Program } from './program.ts';
import type { TestScope } from './scope.ts';

export interface StockSshOptions {
  readonly env?: string;
  /** Options before the host, such as `['-R', '80:localhost:3000']`. */
  readonly args?: readonly string[];
  /** Words after the host. */
  readonly command?: readonly string[];
}

/** Runs the real `ssh` against a gateway. */
export function stockSsh(
  t: TestScope,
  { gateway, key }: Pick<GatewayWithKey, 'gateway' | 'key'>,
  { env = 'pr-1', args = [], command = [] }: StockSshOptions,
): Program {
  return openssh(t, { port: gateway.port, key, user: env, args, command });
}

/** The same, and waits until its session shows the URLs. */
export async function offer(
  t: TestScope,
  to: Pick<GatewayWithKey, 'gateway' | 'key'>,
  options: StockSshOptions,
): Promise<Program> {
  const session = stockSsh(t, to, options);
  await session.said(/Requests appear below/);
  return session;
}

/** The URLs that a session prints one a line, without share links. */
export function urlsOf(session: Program): readonly string[] {
  return [...session.stdout.matchAll(/^ {2}(https:\S+)$/gm)]
    .map(([, url = '']) => url)
    .filter((url) => !url.includes('porthole-share='));
}

/** The share link that a session prints. */
export function shareLinkOf(session: Program): string {
  const [, link] = /^ {2}(https:\S+[?&]porthole-share=\S+)$/m.exec(session.stdout) ?? [];
  if (link === undefined) throw new Error(`no share link in ${session.stdout}`);
  return link;
}
