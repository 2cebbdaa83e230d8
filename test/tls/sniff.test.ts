import fc from 'fast-check';
import t from 'tap';
import type { Sniffed } from '../../tls/sniff.ts';
import { maxSniffBytes, sniff } from '../../tls/sniff.ts';

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const hello = (...record: number[]): Buffer => Buffer.from([22, ...record]);

const table: readonly (readonly [string, Buffer, Sniffed])[] = [
  ['nothing', latin1(''), 'more'],
  ['TLS 1.0 record version, as most clients send', hello(3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3), 'tls'],
  ['TLS 1.2 record version', hello(3, 3, 0, 0xc8, 1), 'tls'],
  ['SSL 3.0 record version', hello(3, 0, 0, 0xc8, 1), 'tls'],
  ['TLS 1.3 record version', hello(3, 4, 0, 0xc8, 1), 'tls'],
  ['a ClientHello in tiny records', hello(3, 1, 0, 1, 1), 'tls'],
  ['the largest record', hello(3, 1, 0x40, 0, 1), 'tls'],
  ['a record type alone', hello(), 'more'],
  ['all but the handshake type', hello(3, 1, 0, 0xc8), 'more'],
  ['a major version that is not 3', hello(2), 'unknown'],
  ['a minor version that does not exist', hello(3, 5), 'unknown'],
  ['a record without content', hello(3, 1, 0, 0), 'unknown'],
  ['a record that is too long', hello(3, 1, 0x40, 1), 'unknown'],
  ['a ServerHello', hello(3, 3, 0, 0x40, 2), 'unknown'],
  ['a TLS alert', Buffer.from([21, 3, 3, 0, 2]), 'unknown'],
  ['an SSL 2.0 hello', Buffer.from([0x80, 0x2e, 1, 3, 1]), 'unknown'],
  ['SSH', latin1('SSH-2.0-OpenSSH_9.2\r\n'), 'ssh'],
  ['the start of SSH', latin1('SSH'), 'more'],
  ['S alone, which may become SEARCH too', latin1('S'), 'more'],
  ['SSH without its hyphen', latin1('SSH '), 'http'],
  ['SSH in lower case', latin1('ssh-2.0-x\r\n'), 'unknown'],
  ['SEARCH', latin1('SEARCH / HTTP/1.1'), 'http'],
  ['GET', latin1('GET / HTTP/1.1\r\n'), 'http'],
  ['GET without a space', latin1('GET'), 'more'],
  ['GET with a line end', latin1('GET\r\n'), 'unknown'],
  ['GET with a tab', latin1('GET\t/'), 'unknown'],
  ['M-SEARCH', latin1('M-SEARCH * HTTP/1.1'), 'http'],
  ['CONNECT', latin1('CONNECT example.com:443 HTTP/1.1'), 'http'],
  ["HTTP/2's preface", latin1('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), 'http'],
  ['a method that nobody knows', latin1('UPDATEREDIRECTREF / HTTP/1.1'), 'http'],
  ['the longest method', latin1(`${'A'.repeat(24)} /`), 'http'],
  ['a method that is too long', latin1('A'.repeat(25)), 'unknown'],
  ['a method that is too short', latin1('GE /'), 'unknown'],
  ['a space first', latin1(' GET /'), 'unknown'],
  ['an empty line first', latin1('\r\nGET / HTTP/1.1'), 'unknown'],
  ['a PROXY header, version 1', latin1('PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n'), 'unknown'],
  ['a PROXY header, version 2', latin1('\r\n\r\n\0\r\nQUIT\n'), 'unknown'],
  ['PROPFIND', latin1('PROPFIND / HTTP/1.1'), 'http'],
  ['a NUL', latin1('\0'), 'unknown'],
  ['an RDP request', Buffer.from([3, 0, 0, 19]), 'unknown'],
];

t.test('tells what the first bytes are', async (t) => {
  for (const [name, bytes, expected] of table) t.equal(sniff(bytes), expected, name);
});

/** Bytes that get far in one of the branches, or are plain noise. */
const opening = fc.oneof(
  fc.uint8Array({ maxLength: 64 }),
  fc.constantFrom(...table.map(([, bytes]) => Uint8Array.from(bytes))),
  fc.tuple(fc.stringMatching(/^[A-Za-z-]{0,30}$/), fc.string()).map(([a, b]) => latin1(`${a} ${b}`)),
  fc.uint8Array({ maxLength: 6 }).map((rest) => Uint8Array.from([22, 3, ...rest])),
);

t.test('decides by the same bytes, however they come', async () => {
  fc.assert(
    fc.property(opening, (bytes) => {
      const answers = Array.from({ length: bytes.length + 1 }, (_, end) => sniff(bytes.subarray(0, end)));
      const first = answers.findIndex((answer) => answer !== 'more');
      const later = first === -1 ? [] : answers.slice(first);
      return later.every((answer) => answer === sniff(bytes));
    }),
  );
});

t.test('decides within its bound', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: maxSniffBytes, maxLength: 4 * maxSniffBytes }), (bytes) => {
      return sniff(bytes) !== 'more';
    }),
  );
  fc.assert(
    fc.property(fc.stringMatching(/^[!-~]{25,60}$/), (text) => {
      return sniff(latin1(text)) !== 'more';
    }),
  );
});

t.test('never decides by a single byte for a protocol', async (t) => {
  for (let byte = 0; byte < 256; byte++) {
    t.match(sniff(Buffer.from([byte])), /^(more|unknown)$/);
  }
});
