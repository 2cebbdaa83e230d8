import { once } from 'node:events';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { Portholed } from './portholed.ts';
import type { TestScope } from './scope.ts';
import { visitorOptions } from './visitor.ts';

/** A visitor's TLS connection, for bytes that no HTTP client would send. */
export class RawVisitor {
  readonly socket: TLSSocket;
  readonly closed: Promise<unknown>;
  #received = '';

  static async connect(
    t: Pick<TestScope, 'teardown'>,
    gateway: Portholed,
    host: string,
  ): Promise<RawVisitor> {
    const options = { ...visitorOptions(gateway, host), ALPNProtocols: ['http/1.1'] } as ConnectionOptions;
    const visitor = new RawVisitor(connect(options));
    t.teardown(() => {
      visitor.socket.destroy();
    });
    await once(visitor.socket, 'secureConnect');
    return visitor;
  }

  private constructor(socket: TLSSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => void socket.once('close', resolve));
    socket.on('error', () => undefined);
    socket.on('data', (data: Buffer) => {
      this.#received += data.toString('latin1');
    });
  }

  get received(): string {
    return this.#received;
  }

  write(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** All that it got, when the gateway has closed the connection. */
  async end(): Promise<string> {
    await this.closed;
    return this.#received;
  }
}
