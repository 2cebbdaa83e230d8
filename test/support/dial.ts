import { startGateway, type GatewayWithKey } from './gateway-with-key.ts';
import { openssh, type SshOptions } from './openssh.ts';
import type { LogLine, Portholed } from './portholed.ts';
import type { Program } from './program.ts';
import type { TestScope } from './scope.ts';

/** A gateway that shows its previews to everybody and tells its metrics. */
export function startPublicGateway(t: TestScope, args: readonly string[] = []): Promise<GatewayWithKey> {
  return startGateway(t, ['--access', 'public', '--metrics-listen', '127.0.0.1:0', ...args]);
}

/** The first line that fits among those that the gateway logs from now on. */
export function nextLine(gateway: Portholed, fits: (line: LogLine) => boolean): Promise<LogLine> {
  const past = new Set(gateway.lines);
  return gateway.line((line) => !past.has(line) && fits(line));
}

export interface Dialled {
  readonly ssh: Program;
  readonly tunnelId: string;
}

/** Dials in with the real `ssh -N`, and waits until its forwards are routes. */
export async function dial(
  t: TestScope,
  gateway: Portholed,
  options: Omit<SshOptions, 'port' | 'args'> & {
    readonly forwards: readonly string[];
    readonly port?: number;
  },
): Promise<Dialled> {
  const { forwards, ...rest } = options;
  const env = options.user ?? 'pr-1';
  const past = new Set(gateway.lines);
  const isNew = (line: LogLine): boolean =>
    !past.has(line) && line.msg === 'forward added' && line['env'] === env;
  const flags = forwards.flatMap((forward) => ['-R', forward]);
  const ssh = openssh(t, { port: gateway.port, ...rest, args: ['-N', ...flags] });
  await gateway.line(() => gateway.lines.filter(isNew).length >= forwards.length);
  return { ssh, tunnelId: String(gateway.lines.find(isNew)?.['tunnelId']) };
}

/** Waits until the gateway has noticed that the tunnel is gone; gives the reason that it logs. */
export async function tunnelGone(gateway: Portholed, tunnelId: string): Promise<string> {
  const line = await gateway.line((each) => each.msg === 'tunnel closed' && each['tunnelId'] === tunnelId);
  return String(line['reason']);
}
