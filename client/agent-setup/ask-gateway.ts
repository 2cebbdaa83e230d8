import { fingerprint } from '../../core/fingerprint.ts';
import { parsePublicKey } from '../../core/public-key.ts';
import { ask, askEnvName, logInToAsk, notUnderstood, outcomeOf } from '../asking.ts';
import type { SshConnection } from '../connection.ts';
import type { GatewayAccess } from '../login.ts';
import type { Outcome } from '../outcome.ts';

/** What a machine must know of its gateway. */
export interface GatewayFacts {
  /** What signs the certificates: `ssh-ed25519 AAAA... comment`. */
  readonly ca: string;
  /** The name of the environment that the login was for, as the gateway writes it; undefined where it was for none. */
  readonly env: string | undefined;
}

export type GatewaySaid =
  { readonly ok: true; readonly facts: GatewayFacts } | { readonly ok: false; readonly outcome: Outcome };

/** Logs in, asks, and logs out. `forEnv`: the user name of the login is an environment. */
export async function askGateway(access: GatewayAccess, forEnv: boolean): Promise<GatewaySaid> {
  const opened = await logInToAsk(access);
  if (opened.kind !== 'open') return { ok: false, outcome: outcomeOf(opened) };
  const said = await askOver(opened.connection, forEnv);
  await opened.connection.close();
  return said;
}

async function askOver(connection: SshConnection, forEnv: boolean): Promise<GatewaySaid> {
  const said = await ask(connection, 'gate ca');
  if (!said.ok) return said;
  const key = parsePublicKey(said.text);
  if (!key.ok) return notUnderstood(said.text);
  const env = forEnv ? await askEnvName(connection) : undefined;
  if (env?.ok === false) return env;
  return { ok: true, facts: { ca: key.key.line, env: env?.text } };
}

/** Of the key on a line that is one. */
export function printOf(line: string): string {
  const [, base64 = ''] = line.split(' ');
  return fingerprint(Buffer.from(base64, 'base64'));
}
