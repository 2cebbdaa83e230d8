import fc from 'fast-check';
import t from 'tap';
import { readBody, readQuery } from '../../../server/admin/api-body.ts';
import type { ApiMember } from '../../../server/admin/api-members.ts';

const json = 'application/json';
const bytes = (text: string): Buffer => Buffer.from(text);
const member = (name: string, type: ApiMember['type']): ApiMember => ({
  ...{ name, type, input: false, required: false, about: '' },
});

t.test('an object is read with all of its members', (t) => {
  const read = readBody(bytes('{"env": ["a", {"x": 1, "env": 2}], "all": true, "n\\u0061me": null}'), json);
  t.same(read.ok && [...read.value], [
    ['env', ['a', { x: 1, env: 2 }]],
    ['all', true],
    ['name', null],
  ]);
  t.match(readBody(bytes('\ufeff{}'), 'Application/JSON ; charset="UTF-8"'), { ok: true });
  t.end();
});

t.test('what is no JSON object is refused, and what only claims to be', (t) => {
  for (const body of ['', 'x', '[]', 'null', '1', '"x"', '{"a":}', '{"a":1}{', '['.repeat(60_000)])
    t.match(readBody(bytes(body), json), { ok: false, problem: /JSON object/ }, body.slice(0, 20));
  t.match(readBody(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), json), {
    problem: 'the body is not UTF-8',
  });
  for (const type of [
    undefined,
    '',
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=latin1',
    'application/jsonp',
    'text/plain; application/json',
    'multipart/form-data; boundary=application/json',
  ])
    t.match(readBody(bytes('{}'), type), { ok: false, problem: /Content-Type/ }, String(type));
  t.end();
});

t.test('a member that is there twice is named', (t) => {
  for (const body of [
    '{"env": "a", "env": "b"}',
    '{"env": {"x": [1, "]"]}, "all": true, "\\u0065nv": 1}',
    '{"env": "\\"}", "env": "b"}',
  ])
    t.match(readBody(bytes(body), json), { problem: '"env" is given twice' });
  t.match(readBody(bytes('{"__proto__": 1, "__proto__": 2}'), json), {
    problem: '"__proto__" is given twice',
  });
  t.match(
    readBody(bytes('{"a": {"b": 1, "b": 2}, "b": ":{"}'), json),
    { ok: true },
    'deeper ones count nowhere',
  );
  t.end();
});

t.test('a prototype is a member like others', (t) => {
  const read = readBody(bytes('{"__proto__": {"admin": true}, "constructor": 1}'), json);
  t.same(read.ok && [...read.value.keys()], ['__proto__', 'constructor']);
  t.equal(({} as { admin?: boolean }).admin, undefined);
  t.end();
});

t.test('the names of any object are found', (t) => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const read = readBody(bytes(JSON.stringify(value)), json);
      const expected = Object.keys(JSON.parse(JSON.stringify(value)) as object).sort();
      return read.ok && JSON.stringify([...read.value.keys()].sort()) === JSON.stringify(expected);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array(), (body) => typeof readBody(Buffer.from(body), json).ok === 'boolean'),
  );
  t.end();
});

t.test('a query has flags, texts, and lists by saying a name again', (t) => {
  const members = [member('all', 'boolean'), member('env', 'strings'), member('target', 'string')];
  const read = readQuery('all=true&env=a&target=pr%2042+x&env=b&other=1', members);
  t.same(read.ok && [...read.value], [
    ['all', true],
    ['env', ['a', 'b']],
    ['target', 'pr 42 x'],
    ['other', '1'],
  ]);
  t.same(readQuery('all=false', members), { ok: true, value: new Map([['all', false]]) });
  t.same(readQuery('all=1', members), { ok: true, value: new Map([['all', '1']]) });
  t.match(readQuery('target=a&target=b', members), { problem: '"target" is given twice' });
  t.match(readQuery('all=true&all=true', members), { problem: '"all" is given twice' });
  for (const query of ['target=%ff', '%ff=x', 'target=%e4'])
    t.match(readQuery(query, members), { problem: /UTF-8/ });
  t.end();
});
