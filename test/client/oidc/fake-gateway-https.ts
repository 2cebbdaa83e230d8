import { createServer, type Server } from 'node:https';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createAuthority } from '../../../server/identity/own-authority.ts';
import { signCertificate } from '../../../server/identity/certificate-signing.ts';
import { trustIn } from '../../../client/transport.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { makeAuthority } from '../certificates.ts';

const tls = makeAuthority();

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: Record<string, unknown>;
}

export interface GatewayAnswer {
  readonly status?: number;
  readonly body: unknown;
}

/** A gateway's web side, which answers exchanges as a test wants. */
export class FakeExchange {
  readonly asked: Asked[] = [];
  readonly trust = trustIn(tls.ca);
  readonly ca = tls.ca;
  answer: (asked: Asked) => GatewayAnswer;
  readonly #server: Server;

  static async start(t: { teardown(action: () => unknown): void }): Promise<FakeExchange> {
    const server = createServer(tls.issue({ dns: ['localhost'] })).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => {
      server.closeAllConnections();
      server.close();
    });
    return new FakeExchange(server, scratchDir(t));
  }

  private constructor(server: Server, stateDir: string) {
    this.#server = server;
    const authority = createAuthority(stateDir, 'test');
    this.answer = ({ body }) => ({ body: granted(certificateFor(String(body['publicKey']), authority)) });
    server.on('request', (request, response) => void this.#serve(request, response));
  }

  get server(): { transport: 'tls'; host: string; port: number } {
    return { transport: 'tls', host: 'localhost', port: (this.#server.address() as AddressInfo).port };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = JSON.parse(await text(request)) as Record<string, unknown>;
    const asked = { method: request.method ?? '', path: request.url ?? '', body };
    this.asked.push(asked);
    const { status = 200, body: answer } = this.answer(asked);
    response.writeHead(status).end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  }
}

export function granted(certificate: string, expiresAt = Date.now() + 3_600_000): Record<string, unknown> {
  const who = { principal: 'ci:acme/shop', role: 'machine', env: ['pr-*'], serial: '7' };
  return { certificate, expiresAt: new Date(expiresAt).toISOString(), ...who };
}

let serial = 0n;

/** A certificate for the key of a `.pub` line. */
export function certificateFor(publicKey: string, authority: ReturnType<typeof createAuthority>): string {
  const now = Math.floor(Date.now() / 1000);
  serial += 1n;
  return signCertificate(
    {
      subject: Buffer.from(publicKey.split(' ')[1] ?? '', 'base64'),
      serial,
      id: 'ci:acme/shop',
      principals: ['role:machine', 'env:pr-*'],
      validAfter: now - 60,
      validBefore: now + 3600,
    },
    authority,
  );
}
