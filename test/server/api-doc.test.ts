import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import { commands, type CommandSpec } from '../../core/commands.ts';
import { errorTable } from '../../core/errors.ts';
import { apiPathOf } from '../../server/admin/api-description.ts';
import { membersOf, methodsOf, type ApiMember } from '../../server/admin/api-members.ts';
import { readBody } from '../../server/admin/api-body.ts';
import { readApiRequest } from '../../server/admin/api-request.ts';
import { endpointCall } from '../support/endpoint-call.ts';

const docs = new URL('../../docs/', import.meta.url);
const page = readFileSync(new URL('API.md', docs), 'utf8');
const rows = new Set(
  page
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.replace(/ +\|/g, ' |')),
);

/** What the table of the page has to say of a command: what a member is in brackets for may be left out. */
function rowOf(spec: CommandSpec): string {
  const members = membersOf(spec).map(shown).join(', ');
  const who = spec.who === 'anyone' ? 'machine' : spec.who;
  return `| ${methodsOf(spec).join(', ')} | \`${apiPathOf(spec)}\` | ${members === '' ? '' : `${members} `}| ${who} |`;
}

function shown({ name, type, required }: ApiMember): string {
  const typed = type === 'string' ? name : `${name}: ${type}`;
  return required ? `\`${typed}\`` : `\`[${typed}]\``;
}

t.test('every command has its row: method, path, body, and who', (t) => {
  for (const spec of commands) t.ok(rows.has(rowOf(spec)), rowOf(spec));
  const paths = [...page.matchAll(/^\| [A-Z, ]+ +\| `([^`]+)`/gm)].map(([, path]) => path);
  t.same(paths, commands.map(apiPathOf), 'in the order of the table of commands, and no other');
  t.end();
});

t.test('what is sent in the examples is what commands take', (t) => {
  const sent = [...page.matchAll(/api\/([a-z/-]+) \\?\s*-(?:d|-json) '([^']+)'/g)];
  t.ok(sent.length > 3, `${String(sent.length)} examples`);
  for (const [, path = '', body = ''] of sent) {
    const call = endpointCall({
      ...{ method: 'POST', path: `/_porthole/api/${path}`, body: Buffer.from(body) },
      headers: { contentType: 'application/json' },
    });
    t.ok(readBody(call.body, 'application/json').ok, body);
    t.match(readApiRequest(call), { kind: 'command' }, path);
  }
  const asked = [...page.matchAll(/api(\/[a-z/-]+\?[^\s"'`]+)/g)];
  t.ok(asked.length > 0);
  for (const [, path = ''] of asked)
    t.match(readApiRequest(endpointCall({ path: `/_porthole/api${path}` })), { kind: 'command' }, path);
  t.end();
});

t.test('its codes are codes, with their status; its links lead somewhere', (t) => {
  const codes = [...page.matchAll(/^\| (\d{3}) +\| (.*?) +\|/gm)];
  t.ok(codes.length > 5);
  for (const [, status, cell = ''] of codes)
    for (const [, code = ''] of cell.matchAll(/`(ERR_\w+)`/g))
      t.equal(String(errorTable[code as keyof typeof errorTable].status), status, code);
  for (const [, name = ''] of page.matchAll(/\]\(([A-Z-]+\.md)\)/g))
    t.ok(existsSync(new URL(name, docs)), name);
  t.end();
});
