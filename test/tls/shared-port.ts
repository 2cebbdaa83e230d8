import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import type { TLSSocket, ConnectionOptions } from 'node:tls';
import { connect as connectTls } from 'node:tls';
import { readFileSync } from 'node:fs';
import { silentLog } from '../../core/log.ts';
import type { CertificateSource } from '../../tls/certificate-source.ts';
import type { ConnectionInfo } from '../../tls/connection-info.ts';
import type { DemuxerEvent } from '../../tls/demuxer-event.ts';
import type { DemuxerHandlers, DemuxerOptions } from '../../tls/demuxer.ts';
import { Demuxer } from '../../tls/demuxer.ts';
import { openDevelopmentCa } from '../../tls/development-ca.ts';
import { Listener } from '../../tls/listener.ts';
import type { Expected } from '../../tls/recogniser.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import type { TestScope } from '../support/scope.ts';
import { Arrivals } from './arrivals.ts';

/** A connection as a handler got it. */
export interface Handed {
  readonly kind: 'ssh' | 'http' | 'http2' | 'plain-http';
  readonly socket: Socket;
  readonly info: ConnectionInfo;
}

export interface SharedPortOptions extends Partial<DemuxerOptions> {
  readonly domain?: string;
  readonly host?: string;
  readonly expected?: Expected;
}

/** A listener and a demuxer with a development CA, on a free port; what is handed on and all events can be waited for. */
export class SharedPort {
  readonly listener: Listener;
  readonly demuxer: Demuxer;
  readonly certificates: CertificateSource;
  readonly caFile: string;
  readonly handed: Arrivals<Handed>;
  readonly events: Arrivals<DemuxerEvent>;
  readonly #t: TestScope;

  static async open(t: TestScope, options: SharedPortOptions = {}): Promise<SharedPort> {
    const { domain = 'localhost', host = '127.0.0.1', expected = 'any' } = options;
    const certificates =
      options.certificates ??
      (await openDevelopmentCa({ stateDir: scratchDir(t), domain, log: silentLog() }));
    const handed = new Arrivals<Handed>();
    const events = new Arrivals<DemuxerEvent>();
    const demuxer = new Demuxer({
      handlers: recording(handed),
      // Long enough to never interfere where they are not what is tested.
      silenceMs: 60_000,
      sniffTimeoutMs: 60_000,
      ...options,
      certificates,
      onEvent: (event) => {
        events.add(event);
      },
    });
    const listener = await Listener.open(
      { host, port: 0 },
      {
        onSocket: (socket) => {
          demuxer.accept(socket, expected);
        },
        onError: (error) => {
          throw error;
        },
      },
    );
    t.teardown(() => {
      listener.destroy('test over');
      demuxer.destroy('test over');
      certificates.close();
      return listener.closed;
    });
    return new SharedPort(t, {
      listener,
      demuxer,
      certificates,
      handed,
      events,
      caFile: certificates.describe().caFile ?? '',
    });
  }

  private constructor(
    t: TestScope,
    parts: Pick<SharedPort, 'listener' | 'demuxer' | 'certificates' | 'handed' | 'events' | 'caFile'>,
  ) {
    this.#t = t;
    this.listener = parts.listener;
    this.demuxer = parts.demuxer;
    this.certificates = parts.certificates;
    this.handed = parts.handed;
    this.events = parts.events;
    this.caFile = parts.caFile;
  }

  get port(): number {
    return this.listener.address.port;
  }

  /** A raw connection, after it has sent `bytes`. */
  async connect(bytes?: string | Uint8Array): Promise<Socket> {
    const socket = connect({
      host: this.listener.address.host,
      port: this.port,
      allowHalfOpen: true,
      noDelay: true,
    });
    this.#t.teardown(() => socket.destroy());
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    if (bytes !== undefined) socket.write(bytes);
    return socket;
  }

  /** A TLS connection that verified the gateway; rejects if the handshake fails. */
  async connectTls(options: ConnectionOptions = {}): Promise<TLSSocket> {
    const { host } = this.listener.address;

    const ca = options.ca ?? readFileSync(this.caFile);
    const socket = connectTls({ host, port: this.port, servername: 'localhost', ...options, ca });
    this.#t.teardown(() => socket.destroy());
    await once(socket, 'secureConnect');
    socket.on('error', () => undefined);
    return socket;
  }
}

function recording(handed: Arrivals<Handed>): DemuxerHandlers {
  const as = (kind: Handed['kind']) => (socket: Socket, info: ConnectionInfo) => {
    handed.add({ kind, socket, info });
  };
  return { onSsh: as('ssh'), onHttp: as('http'), onHttp2: as('http2'), onPlainHttp: as('plain-http') };
}
