import { readFileSync } from 'node:fs';
import t from 'tap';
import type { ErrorCode } from '../../core/errors.ts';
import { errorTable, PortholeError } from '../../core/errors.ts';

const codes = Object.keys(errorTable) as ErrorCode[];
const documentation = readFileSync(new URL('../../docs/ERRORS.md', import.meta.url), 'utf8');

/** The rows of the table: code, status, whether it is retryable, message. */
function documentedRows(): string[][] {
  const lines = documentation.split('\n').filter((line) => line.startsWith('| `ERR_'));
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, 5)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

t.test('docs/ERRORS.md lists the same codes as the table, with the same facts', (t) => {
  const rows = documentedRows();
  t.same(rows.map(([code]) => code).sort(), [...codes].sort());
  for (const [code, status, retryable, message] of rows) {
    const entry = errorTable[code as ErrorCode];
    t.equal(status, String(entry.status), `status of ${String(code)}`);
    t.equal(retryable, entry.retryable ? 'yes' : 'no', `retryable of ${String(code)}`);
    t.equal(message, entry.message, `message of ${String(code)}`);
  }
  t.end();
});

t.test('docs/ERRORS.md names no code that does not exist', (t) => {
  const mentioned = new Set(documentation.match(/\bERR_[A-Z_]+\b/g));
  t.same(
    [...mentioned].filter((code) => !(code in errorTable)),
    [],
  );
  t.end();
});

t.test('every entry can be an HTTP answer to a stranger', (t) => {
  for (const [code, { status, message }] of Object.entries(errorTable)) {
    t.ok(status >= 400 && status <= 599, code);
    t.match(message, /^[A-Z][\x20-\x7e]+\.$/, code);
  }
  t.end();
});

t.test('an error has what its code says, and keeps its cause and details', (t) => {
  const cause = new Error('connect ECONNREFUSED');
  const error = new PortholeError('ERR_UPSTREAM_REFUSED', { cause, details: { address: '127.0.0.1:3000' } });
  t.ok(error instanceof Error);
  t.equal(error.name, 'PortholeError');
  t.equal(error.code, 'ERR_UPSTREAM_REFUSED');
  t.equal(error.status, 502);
  t.equal(error.retryable, true);
  t.equal(error.message, errorTable.ERR_UPSTREAM_REFUSED.message);
  t.equal(error.cause, cause);
  t.same(error.details, { address: '127.0.0.1:3000' });
  t.end();
});

t.test('a message of its own replaces that of the table; no cause is no cause', (t) => {
  const error = new PortholeError('ERR_CONFIG', { message: 'Two problems.' });
  t.equal(error.message, 'Two problems.');
  t.equal('cause' in error, false);
  t.end();
});
