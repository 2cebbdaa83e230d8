import type { ErrorCode } from '../../core/errors.ts';
import { contextFields, kindOfRequestHeader, requestHeaderKind as kind } from './header-kinds.ts';
import { readFraming } from './request-framing.ts';
import { RequestHead } from './request-head.ts';
import type { HeadLimits, HeadProblem, RawRequest } from './request-head.ts';
import { readTarget } from './request-target.ts';

/** More headers than that are no honest request; Node's parser would drop some in silence. */
const maxHeaders = 256;

/** Reads a head, strictly; a problem is the answer to it. */
export function readRequestHead(raw: RawRequest, limits: HeadLimits): RequestHead | HeadProblem {
  return new HeadReader(raw, limits).read();
}

class HeadReader {
  readonly #raw: RawRequest;
  readonly #limits: HeadLimits;
  readonly #head: RequestHead;
  #problem: Omit<HeadProblem, 'accept'> | undefined;
  #hosts = 0;
  #connection: string | undefined;
  #transferEncoding: string | undefined;
  #upgrade: string | undefined;

  constructor(raw: RawRequest, limits: HeadLimits) {
    this.#raw = raw;
    this.#limits = limits;
    this.#head = new RequestHead(raw);
  }

  read(): RequestHead | HeadProblem {
    if (this.#raw.version === 'unknown')
      this.#refuse('ERR_BAD_REQUEST', 'This version of HTTP is not supported.');
    this.#checkMethod();
    this.#readHeaders();
    this.#settleTarget();
    this.#settleBody();
    this.#settleConnection();
    this.#head.passed[1] = this.#head.host;
    return this.#problem === undefined ? this.#head : { ...this.#problem, accept: this.#head.accept };
  }

  #refuse(code: ErrorCode, reason: string, cookies = false): void {
    this.#problem ??= { code, reason, cookies };
  }

  #checkMethod(): void {
    const method = this.#raw.method.toUpperCase();
    if (method === 'CONNECT' || method === 'TRACE') {
      this.#refuse('ERR_METHOD_REFUSED', `The gateway does not take ${method} requests.`);
    } else if (method !== this.#raw.method) {
      // Node's client would send it in upper case: another method than the one asked for.
      this.#refuse('ERR_BAD_REQUEST', 'The method is not in upper case.');
    }
  }

  #readHeaders(): void {
    const { rawHeaders, target } = this.#raw;
    const { maxHeaderBytes } = this.#limits;
    // Half of the whole, so that a long address is told apart from large headers.
    if (target.length > maxHeaderBytes / 2) {
      this.#refuse('ERR_URI_TOO_LONG', `The address is longer than ${maxHeaderBytes / 2} bytes.`);
    }
    let bytes = target.length;
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      const name = rawHeaders[i] ?? '';
      const value = rawHeaders[i + 1] ?? '';
      bytes += name.length + value.length;
      this.#readHeader(name, value);
    }
    if (bytes > maxHeaderBytes) {
      const cookies = 2 * (this.#head.cookie?.length ?? 0) > bytes;
      const what = cookies ? 'headers, most of them cookies,' : 'headers';
      this.#refuse('ERR_HEADERS_TOO_LARGE', `The ${what} are larger than ${maxHeaderBytes} bytes.`, cookies);
    } else if (rawHeaders.length > 2 * maxHeaders) {
      this.#refuse('ERR_HEADERS_TOO_LARGE', `There are more than ${maxHeaders} headers.`);
    }
  }

  #readHeader(name: string, value: string): void {
    const head = this.#head;
    switch (kindOfRequestHeader(name)) {
      case kind.plain:
        head.passed.push(name, value);
        break;
      case kind.host:
        this.#hosts += 1;
        head.host = value;
        break;
      case kind.connection:
        this.#connection = joined(this.#connection, value, ',');
        break;
      case kind.contentLength:
        if (head.contentLength !== undefined)
          this.#refuse('ERR_BAD_REQUEST', 'Content-Length is given twice.');
        head.contentLength = value;
        break;
      case kind.transferEncoding:
        this.#transferEncoding = joined(this.#transferEncoding, value, ',');
        break;
      case kind.te:
        head.takesTrailers ||= /(?:^|,)\s*trailers\b/i.test(value);
        break;
      case kind.trailer:
        head.trailer = joined(head.trailer, value, ', ');
        break;
      case kind.upgrade:
        this.#upgrade = joined(this.#upgrade, value, ',');
        break;
      case kind.expect:
        head.expect = value;
        break;
      case kind.cookie:
        // HTTP/2 splits it to compress it better (RFC 9113, 8.2.3).
        head.cookie = joined(head.cookie, value, '; ');
        break;
      case kind.accept:
        head.accept = joined(head.accept || undefined, value, ',');
        head.passed.push(name, value);
        break;
      case kind.context:
        this.#readContext(name, value);
        head.passed.push(name, value);
        break;
      case kind.authorization:
        head.authorization = joined(head.authorization, value, ',');
        head.passed.push(name, value);
        break;
      case kind.token:
        head.tokenHeader = value;
        break;
      case kind.requestId:
        if (/^[\w.:+/=-]{1,128}$/.test(value)) head.requestId = value;
        break;
      case kind.forwardedFor:
        head.forwardedFor = joined(head.forwardedFor, value, ', ');
        break;
      case kind.forwardedProto:
        head.forwardedProto = joined(head.forwardedProto, value, ', ');
        break;
      case kind.forwarding:
        (head.forwarding ??= []).push(name, value);
        break;
      case kind.share:
        head.shareHeader = value;
        break;
      case kind.dropped:
        break;
    }
  }

  /** Of a field that is given twice, neither can be believed: together they are no value that means anything. */
  #readContext(name: string, value: string): void {
    const field = contextFields.get(name) ?? contextFields.get(name.toLowerCase());
    if (field === undefined) return;
    const { context } = this.#head;
    context[field] = joined(context[field], value, ', ');
  }

  #settleTarget(): void {
    if (this.#hosts > 1) this.#refuse('ERR_BAD_REQUEST', 'There is more than one Host header.');
    const read = readTarget(this.#raw, this.#head.host);
    if (typeof read === 'string') {
      this.#refuse('ERR_BAD_REQUEST', read);
    } else {
      this.#head.host = read.host;
      this.#head.path = read.path;
    }
  }

  #settleBody(): void {
    const read = readFraming(this.#raw, this.#transferEncoding, this.#head.contentLength);
    if (read.problem !== undefined) this.#refuse('ERR_BAD_REQUEST', read.problem);
    this.#head.body = read.body;
  }

  #settleConnection(): void {
    if (this.#connection === undefined || this.#connection === 'keep-alive') return;
    const names = this.#connection.split(',').map((name) => name.trim().toLowerCase());
    if (names.includes('upgrade')) this.#settleUpgrade();
    this.#dropNamed(names.filter((name) => name !== 'close' && name !== 'keep-alive' && name !== 'upgrade'));
  }

  /** HTTP/2 and TLS inside an upgrade would be past every later decision; both may be ignored (RFC 9110, 7.8). */
  #settleUpgrade(): void {
    const wanted = this.#upgrade?.trim().toLowerCase();
    if (wanted !== undefined && !/(?:^|,)\s*(?:h2c|tls\/)/.test(wanted)) this.#head.upgrade = wanted;
  }

  /** Headers named in `Connection` end at this hop too (RFC 9110, 7.6.1). */
  #dropNamed(names: readonly string[]): void {
    if (names.length === 0) return;
    const { passed } = this.#head;
    let kept = 2;
    for (let i = 2; i < passed.length; i += 2) {
      const name = passed[i] ?? '';
      if (names.includes(name.toLowerCase())) continue;
      passed[kept] = name;
      passed[kept + 1] = passed[i + 1] ?? '';
      kept += 2;
    }
    passed.length = kept;
    if (names.includes('cookie')) this.#head.cookie = undefined;
  }
}

function joined(before: string | undefined, value: string, separator: string): string {
  return before === undefined ? value : `${before}${separator}${value}`;
}
