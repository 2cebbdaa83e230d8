import { fileURLToPath } from 'node:url';
import type { LoginServer } from '../peers/peer.ts';
import type { Case, Measurement, Trial } from './case.ts';
import { withCpu } from './cpu.ts';

const load = fileURLToPath(new URL('../load/logins.ts', import.meta.url));

/** So many at a time: sshd drops some of those that have not logged in when there are ten. */
const concurrency = 8;
const spareMs = 30_000;

/** How a login is proven: the server admits each of them. */
const credentials = {
  key: ({ identityFile }: LoginServer): string[] => [identityFile],
  certificate: ({ certified }: LoginServer): string[] => [certified.identityFile, certified.certificateFile],
};

interface Logins {
  readonly count: number;
  readonly seconds: number;
  readonly p50Ms: number;
}

async function logIn(
  { workspace, seconds }: Trial,
  server: LoginServer,
  credential: keyof typeof credentials,
): Promise<Logins> {
  const [identityFile = '', ...certificate] = credentials[credential](server);
  const args = [load, String(server.port), server.user, identityFile, String(seconds), String(concurrency)];
  const limitMs = seconds * 1000 + spareMs;
  const said = await workspace.processes.run(process.execPath, [...args, ...certificate], limitMs);
  const [, count, measured, p50Ms] = /^LOGINS (\d+) ([\d.]+) ([\d.]+)$/m.exec(said) ?? [];
  return { count: Number(count), seconds: Number(measured), p50Ms: Number(p50Ms) };
}

async function measure(trial: Trial, credential: keyof typeof credentials): Promise<Measurement[]> {
  const server = trial.peer.loginServer!;
  const { result, cpuSeconds } = await withCpu(trial.peer, () => logIn(trial, server, credential));
  const { count, seconds, p50Ms } = result;
  return [
    { metric: 'rate', value: count / seconds, unit: 'logins/s', better: 'higher' },
    ...(cpuSeconds === undefined
      ? []
      : [
          {
            metric: 'cpu',
            value: (cpuSeconds * 1000) / count,
            unit: 'CPU ms each',
            better: 'lower' as const,
          },
        ]),
    { metric: 'p50', value: p50Ms, unit: 'ms', better: 'lower' },
  ];
}

const logins = (credential: keyof typeof credentials, title: string): Case => ({
  name: `logins-${credential}`,
  title: `${title}, ${concurrency} at a time by one Node process; each ends once it is in`,
  tools: ['ssh-keygen'],
  instance: 'shared',
  canRun: ({ loginServer }) => loginServer !== undefined,
  run: (trial) => measure(trial, credential),
});

/** What a login costs: TCP, key exchange, the question whether the key may try, and its signature. */
export const loginsWithKey = logins('key', 'logins with an Ed25519 key');
export const loginsWithCertificate = logins(
  'certificate',
  'logins with a certificate of an Ed25519 authority for an Ed25519 key',
);
