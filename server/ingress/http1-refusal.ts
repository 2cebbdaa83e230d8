import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ErrorCode } from '../../core/errors.ts';
import type { Answer } from '../pages/answer.ts';
import { linger } from './linger.ts';

/** An error of Node's HTTP parser, of its timeouts, or of the socket. */
export interface ClientError extends Error {
  readonly code?: string;
  readonly rawPacket?: Buffer;
}

/** What a connection is told whose bytes are no request; undefined when the socket itself failed, and nobody listens. */
export function refusalCode(error: ClientError): ErrorCode | undefined {
  switch (error.code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'ERR_REQUEST_TIMEOUT';
    case 'HPE_HEADER_OVERFLOW':
      return isWithinRequestLine(error.rawPacket) ? 'ERR_URI_TOO_LONG' : 'ERR_HEADERS_TOO_LARGE';
    default:
      return error.code?.startsWith('HPE_') === true ? 'ERR_BAD_REQUEST' : undefined;
  }
}

/** What can be told of a head that is far too large: the piece with which it became so. */
export interface Overflow {
  /** How whoever sent it would like to be told. Only browsers have so many cookies, and their people are to read what helps. */
  readonly accept: string;
  /** Those that are whole. */
  readonly cookies: string;
}

export function overflowOf({ code, rawPacket }: ClientError): Overflow {
  const text = code === 'HPE_HEADER_OVERFLOW' ? (rawPacket?.toString('latin1') ?? '') : '';
  const cookies = text.slice(text.indexOf('; ') + 1, Math.max(0, text.lastIndexOf(';')));
  return cookies.includes('=') ? { accept: 'text/html', cookies } : { accept: '', cookies: '' };
}

/** Writes a whole answer on a bare connection and closes it, so that the peer can read it even while it still sends. */
export function refuse(socket: Socket, answer: Answer): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  // Nothing of this connection is parsed any more.
  socket
    .removeAllListeners('data')
    .removeAllListeners('end')
    .on('data', () => {});
  socket.write(wholeAnswer(answer));
  linger(socket);
}

export function wholeAnswer({ status, headers, body }: Answer): Buffer {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\nDate: ${new Date().toUTCString()}\r\n`;
  for (let i = 0; i + 1 < headers.length; i += 2) head += `${headers[i] ?? ''}: ${headers[i + 1] ?? ''}\r\n`;
  return Buffer.concat([Buffer.from(`${head}Connection: close\r\n\r\n`, 'latin1'), body]);
}

/** A method and an address, and no end of the line. */
function isWithinRequestLine(packet: Buffer | undefined): boolean {
  return packet !== undefined && !packet.includes(10) && /^[A-Z]+ \S/.test(packet.toString('latin1', 0, 32));
}
