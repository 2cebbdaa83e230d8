import t from 'tap';
import { isBelowLocalhost, lookup } from '../../client/localhost-lookup.ts';

function look(host: string, options: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    lookup(host, options, (error, address, family) => {
      if (error) reject(error);
      else resolve(typeof address === 'string' ? [address, family] : address);
    });
  });
}

t.test('names below localhost are this machine', async (t) => {
  for (const host of ['localhost', 'web--pr-1.localhost', 'A.LOCALHOST.']) {
    t.ok(isBelowLocalhost(host), host);
    t.same(await look(host, { family: 4 }), ['127.0.0.1', 4]);
    t.same(await look(host, { family: 6 }), ['::1', 6]);
    t.same(await look(host, { all: true }), [
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ]);
  }
  for (const host of ['localhost.example.com', 'notlocalhost', '']) t.notOk(isBelowLocalhost(host), host);
});

t.test('other names are for the resolver', async (t) => {
  t.same(await look('127.0.0.9', {}), ['127.0.0.9', 4]);
});
