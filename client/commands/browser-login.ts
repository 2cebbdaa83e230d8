import { runGatewayCommand } from '../gateway-command.ts';
import { keysFirst } from '../login.ts';
import type { OidcFlags } from '../oidc/job-access.ts';
import type { Outcome } from '../outcome.ts';
import type { Surroundings } from '../surroundings.ts';
import { gatewayAccess, type GatewayFlags } from './gateway-flags.ts';

export interface BrowserLoginFlags extends GatewayFlags, OidcFlags {
  /** False: the link is only printed. */
  readonly open?: boolean;
  readonly json?: boolean;
  /** These are about certificates of CI jobs. */
  readonly out?: string;
  readonly ttl?: string;
  readonly envPattern?: readonly string[];
}

/** `porthole login`: a link that logs a browser in as whoever holds the key, opened in the browser if there is one. */
export async function browserLogin(flags: BrowserLoginFlags, around: Surroundings): Promise<Outcome> {
  const misplaced = aboutCertificates(flags);
  if (misplaced !== undefined)
    return {
      kind: 'usage',
      reason: `${misplaced} is about the certificate of a CI job: it goes with --oidc`,
    };
  const access = await gatewayAccess(flags, around.userName, around);
  if (!access.ok) return access.outcome;
  const json = flags.json === true;
  const login = flags.certificate === undefined ? await keysFirst(access.value) : access.value;
  const line = json ? 'login --json' : 'login';
  const { lines, notes, outcome } = await runGatewayCommand(login, { name: 'login', line, stdin: undefined });
  if (lines.length > 0) await around.print(`${lines.join('\n')}\n`);
  for (const note of notes) around.err(note);
  const url = lines.find((each) => each.startsWith('https://'));
  if (outcome.kind === 'ok' && !json && flags.open !== false && url !== undefined) await show(url, around);
  return outcome;
}

async function show(url: string, { openUrl, err }: Surroundings): Promise<void> {
  if (openUrl === undefined) return;
  err(
    (await openUrl(url)) ? 'it was opened in your browser' : 'no browser could be opened: open it yourself',
  );
}

function aboutCertificates(flags: BrowserLoginFlags): string | undefined {
  if (flags.out !== undefined) return '--out';
  if (flags.ttl !== undefined) return '--ttl';
  if (flags.envPattern !== undefined) return '--env-pattern';
  if (flags.oidcTokenEnv !== undefined) return '--oidc-token-env';
  if (flags.oidcTokenFile !== undefined) return '--oidc-token-file';
  return flags.oidcAudience === undefined ? undefined : '--oidc-audience';
}
