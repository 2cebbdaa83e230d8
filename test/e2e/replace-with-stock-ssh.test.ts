import t from 'tap';
import { openssh } from '../support/openssh.ts';
import { startReplaceable } from '../support/replaceable.ts';
import { steadyLoad } from '../support/steady-load.ts';
import { until } from '../support/until.ts';

/** What systemd, autossh or a loop in a shell do. */
const restarting = ['sh', '-c', 'while :; do "$@"; sleep 0.2; done', 'loop'];

t.test(
  'with stock ssh in a restart loop, requests wait while its tunnel moves, and none is lost',
  async (t) => {
    const { gateway, key, appPort, successor } = await startReplaceable(t);
    const { port } = gateway;
    const args = ['-N', '-R', `80:127.0.0.1:${String(appPort)}`];
    const ssh = openssh(t, { port, key, args, enter: restarting });
    await gateway.line((line) => line.msg === 'forward added');
    const load = steadyLoad(gateway, 'pr-1.localhost');
    await until('load', () => load.answered > 20);

    const next = successor();
    await next.line((line) => line.msg === 'forward added');
    const before = load.answered;
    await until('load after the replace', () => load.answered > before + 100);
    await load.stop();
    t.same(load.failures, []);
    t.equal(await gateway.exit(), 0);
    const asked = gateway.lines.find((line) => line.msg === 'tunnel asked to move');
    t.equal(asked?.['answer'], 'staying');
    await ssh.said(/the gateway was replaced: connect again/u);
  },
);
