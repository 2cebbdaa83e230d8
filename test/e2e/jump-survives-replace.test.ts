import t from 'tap';
import { JumpTeam, over } from '../support/jump.ts';
import { Portholed } from '../support/portholed.ts';

t.test(
  'who is in stays in while the gateway is replaced, and reads why it ends after the grace',
  async (t) => {
    // Half of the hold time is when tunnels end whose visitors are waited for.
    const team = await JumpTeam.start(t, ['--grace', '6s', '--hold', '2s']);
    await team.machine();
    const [finishes, stays] = [0, 1].map(() => team.ssh('ana', ['pr-1', 'echo in; cat; exit 9']));
    await finishes?.said(/in\n/);
    await stays?.said(/in\n/);
    const words = [...team.args, '--replace', '--state-dir', team.gateway.stateDir];
    await Portholed.start(t, words);
    await team.gateway.line(({ msg }) => msg === 'tunnel asked to move');
    finishes?.write('the rest\n');
    if (finishes === undefined || stays === undefined) throw new Error('unreachable');
    t.match(await over(finishes), { code: 9, stdout: 'in\nthe rest\n' });
    t.equal((await stays.exit).code, 255);
    t.match(stays.stderr, /the gateway was replaced: connect again/);
    t.equal(await team.gateway.exit(), 0);
    const closed = team.gateway.lines.filter(({ msg }) => msg === 'gate closed');
    t.equal(closed.length, 2);
  },
);
