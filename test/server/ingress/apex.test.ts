import t from 'tap';
import { answerApex, isHealthPath } from '../../../server/ingress/apex.ts';

const ready = { ready: () => true };

function statusOf(method: string, pathname: string, gateway = ready): string {
  const answer = answerApex({ method, pathname }, gateway);
  return 'status' in answer ? String(answer.status) : answer.code;
}

t.test('what the gateway itself answers', async (t) => {
  t.equal(statusOf('GET', '/'), '200');
  t.equal(statusOf('HEAD', '/'), '200');
  t.equal(statusOf('GET', '/healthz'), '200');
  t.equal(statusOf('GET', '/readyz'), '200');
  t.equal(statusOf('GET', '/robots.txt'), '200');
  t.equal(statusOf('GET', '/nothing'), 'ERR_NOT_FOUND');
  t.equal(statusOf('GET', '/_porthole/wait'), 'ERR_NOT_FOUND');
  t.equal(statusOf('POST', '/nothing'), 'ERR_NOT_FOUND');
  t.equal(statusOf('POST', '/'), 'ERR_METHOD_REFUSED');
});

t.test('a gateway that takes no new work is alive, but not ready', async (t) => {
  const draining = { ready: () => false };
  t.equal(statusOf('GET', '/healthz', draining), '200');
  t.equal(statusOf('GET', '/readyz', draining), '503');
});

t.test('the paths of probes', async (t) => {
  t.equal(isHealthPath('/healthz'), true);
  t.equal(isHealthPath('/readyz'), true);
  t.equal(isHealthPath('/'), false);
});
