import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { SshConfigOptions } from '../../core/ssh-config.ts';
import type { SshConnection } from '../connection.ts';
import { ownKeyPath } from '../own-key.ts';
import { formatServer, type ServerAddress } from '../server-url.ts';
import type { Refreshing } from '../ssh-config/target-certificate.ts';
import type { Surroundings } from '../surroundings.ts';
import type { GatewayFlags } from './gateway-flags.ts';

/** What the commands have in common that write a configuration for stock ssh. */
export interface SshConfigFlags extends GatewayFlags {
  readonly profile?: string;
  readonly gate?: string;
  readonly tls?: boolean;
  readonly osUser?: string;
}

/** Which key ssh logs in with: the one that was named, or the client's own, which ssh would not find. */
export function identityFileOf(
  flags: GatewayFlags,
  { identity }: Pick<SshConnection, 'identity'>,
  { cwd, env, home }: Surroundings,
): string | undefined {
  if (flags.identity !== undefined) return resolve(cwd, flags.identity);
  const own = ownKeyPath(env, home);
  return identity?.source === own ? own : undefined;
}

/** SSH goes in TLS where it was said: by `--tls`, or by a server that is spelt so. An `https://` server takes both on its port. */
export function tlsOf(flags: SshConfigFlags, { cwd }: Surroundings): SshConfigOptions['tls'] {
  if (flags.tls !== true && !/^\s*tls:/i.test(flags.server)) return undefined;
  return { caFile: flags.ca === undefined ? undefined : resolve(cwd, flags.ca) };
}

/** How ssh has this program renew certificates, in whatever folder it is started. */
export function refreshing(
  flags: GatewayFlags,
  server: ServerAddress,
  { folder, around }: { readonly folder: string | undefined; readonly around: Surroundings },
): Refreshing {
  const { env, home, cwd } = around;
  const files = { ca: flags.ca, 'known-hosts': flags.knownHosts, identity: flags.identity };
  return {
    folder: folder ?? join(dirname(ownKeyPath(env, home)), 'certificates'),
    localUser: around.userName,
    reaching: [
      ...['--server', formatServer(server)],
      ...Object.entries(files).flatMap(([name, file]) =>
        file === undefined ? [] : [`--${name}`, isAbsolute(file) ? file : resolve(cwd, file)],
      ),
      ...(flags.hostKey ?? []).flatMap((print) => ['--host-key', print]),
    ],
  };
}

/** Where ssh itself looks for `~`: not where `$HOME` says. */
export function sshHome(home: string): string {
  try {
    return userInfo().homedir;
  } catch {
    return home;
  }
}

export function userConfigOf({ home }: Surroundings): string | undefined {
  const path = join(home, '.ssh', 'config');
  return existsSync(path) ? path : undefined;
}
