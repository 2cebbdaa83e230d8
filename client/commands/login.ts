import { Command } from 'commander';
import { resolve } from 'node:path';
import type { Exchanged } from '../oidc/exchange-token.ts';
import { openJobFiles, openOwnFiles, type JobFiles } from '../oidc/job-files.ts';
import type { OidcFlags } from '../oidc/job-access.ts';
import type { GatewayAccess } from '../login.ts';
import { ok, type Outcome } from '../outcome.ts';
import { outcomeOf } from '../asking.ts';
import { ownKeyPath } from '../own-key.ts';
import { shellCommand } from '../shell-quote.ts';
import { formatServer } from '../server-url.ts';
import type { Surroundings } from '../surroundings.ts';
import { browserLogin } from './browser-login.ts';
import { addGatewayFlags, gatewayPlace, type GatewayFlags } from './gateway-flags.ts';
import { addOidcFlags, jobObtain } from './oidc-flags.ts';

interface LoginFlags extends GatewayFlags, OidcFlags {
  /** False with `--no-open`. */
  readonly open?: boolean;
  readonly out?: string;
  readonly ttl?: string;
  readonly envPattern?: readonly string[];
  readonly json?: boolean;
}

const notes = `
Without --oidc it asks the gateway for a link that logs one browser in as whoever holds the SSH key, once and within minutes, and opens
it in yours: you see every private preview that you may see, and need not log in again on each of them.

--oidc exchanges the ID token of a CI job for a certificate of the client's own key, which every further \`porthole\` uses by
itself. With --out it is a key made for it, as FILE, FILE.pub and FILE-cert.pub: for ssh -i FILE, porthole --identity FILE,
and runners that keep their home from job to job. Run again it renews the certificate.

Examples:
  porthole login
  porthole login --oidc --server https://preview.example.com
  porthole login --oidc --out "$RUNNER_TEMP/id" --ttl 30m --env-pattern pr-42`;

export function loginCommand(around: Surroundings, end: (outcome: Outcome) => void): Command {
  const command = new Command('login')
    .summary('log in to previews in your browser, or get a certificate for a CI job')
    .description(
      'Logs in to the previews in your browser; or gets a short-lived SSH certificate, in a job of GitHub Actions or GitLab CI.',
    );
  return addOidcFlags(addGatewayFlags(command))
    .option('-o, --out <file>', "a private key to make (default: the client's own key)")
    .option(
      '--ttl <duration>',
      'how long it should be good, such as 30m (minutes); the policy may allow less',
    )
    .option(
      '--env-pattern <pattern>',
      'only for these environments, such as pr-42; may be repeated',
      (value: string, earlier: readonly string[] | undefined) => [...(earlier ?? []), value],
    )
    .option('--no-open', 'only print the link for the browser')
    .option('--json', 'print one JSON object; opens nothing')
    .addHelpText('after', notes)
    .action(async (flags: LoginFlags) => {
      end(await login(flags, around));
    });
}

export async function login(flags: LoginFlags, around: Surroundings): Promise<Outcome> {
  if (flags.oidc !== true) return browserLogin(flags, around);
  const place = gatewayPlace(flags, around.userName, around);
  if (!place.ok) return place.outcome;
  const obtain = jobObtain(flags, place.value, around);
  if (!obtain.ok) return obtain.outcome;
  const files =
    flags.out === undefined
      ? openOwnFiles(ownKeyPath(around.env, around.home))
      : openJobFiles(resolve(around.cwd, flags.out));
  if (!files.ok) return { kind: 'usage', reason: files.problem };
  const stop = new AbortController();
  const forget = around.onStop(() => stop.abort());
  const wishes = { ttl: flags.ttl, env: flags.envPattern };
  const got = await obtain.value(files.value.publicLine, stop.signal, wishes);
  forget();
  if (got.kind !== 'exchanged') return outcomeOf(got);
  const written = files.value.write(got.certificate);
  if (!written.ok) return { kind: 'failed', reason: written.problem };
  if (flags.json === true) around.out(jsonLine(got, files.value));
  else
    for (const line of lines(got, files.value, nextCommand(flags, place.value, files.value)))
      around.out(line);
  return ok;
}

function jsonLine({ principal, role, env, expiresAt }: Exchanged, { file }: JobFiles): string {
  const certificate = `${file}-cert.pub`;
  const until = new Date(expiresAt).toISOString();
  return JSON.stringify({ identity: file, certificate, principal, role, env, expiresAt: until });
}

function lines({ principal, role, env, expiresAt }: Exchanged, { file }: JobFiles, next: string): string[] {
  return [
    `${principal} (${role}), for ${env.join(', ')}, until ${new Date(expiresAt).toISOString()}`,
    `${file}  the private key; its certificate is ${file}-cert.pub`,
    `next: ${next}`,
  ];
}

function nextCommand(
  { out }: LoginFlags,
  { server }: Pick<GatewayAccess, 'server'>,
  { file }: JobFiles,
): string {
  const identity = out === undefined ? [] : ['--identity', file];
  return shellCommand(['porthole', 'connect', '3000', '--server', formatServer(server), ...identity]);
}
