import { existsSync, readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { EngineAddress } from './engine-address.ts';

/** The part of dockerode's connection that is used; its types know it as `any`. */
export interface Modem {
  dial(
    request: {
      path: string;
      method: 'GET';
      isStream: true;
      statusCodes: Readonly<Record<number, string | boolean>>;
      abortSignal: AbortSignal;
    },
    callback: (error: ModemError | null, response: IncomingMessage | null) => void,
  ): void;
}

export type ModemError = NodeJS.ErrnoException & { readonly statusCode?: number };

/** A connection to the engine. dockerode is loaded only where containers are watched: it is large. */
export async function openModem(address: EngineAddress): Promise<Modem> {
  const { default: Docker } = await import('dockerode');
  // Every key is given: what is missing would be taken from the process's environment.
  const nothing = { host: undefined, port: undefined, ca: undefined, cert: undefined, key: undefined };
  const known = address.kind === 'socket' ? socketOf(address) : hostOf(address);
  return new Docker({ ...nothing, ...known }).modem as Modem;
}

function socketOf({ paths }: EngineAddress & { kind: 'socket' }): object {
  return { socketPath: paths.find((path) => existsSync(path)) ?? paths[0], protocol: 'http' };
}

function hostOf({ host, port, certDir }: EngineAddress & { kind: 'tcp' }): object {
  const at = { socketPath: undefined, host, port, pathPrefix: '/' };
  if (certDir === undefined) return { ...at, protocol: 'http' };
  const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readFileSync(join(certDir, name)));
  return { ...at, protocol: 'https', ca, cert, key };
}
