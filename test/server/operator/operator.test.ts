import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { configOf, stateCommand, UsageProblem } from '../../../server/operator/operator.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { fakeOperator } from './fake-operator.ts';

t.test('the state directory is settled as the gateway settles it', async (t) => {
  const file = join(scratchDir(t), 'portholed.toml');
  writeFileSync(file, 'state-dir = "/of/file"\n');
  const plain = fakeOperator().operator;
  t.equal(configOf({}, plain).stateDir, '/nowhere/.local/state/porthole');
  t.equal(configOf({ config: file }, plain).stateDir, '/of/file');
  const { operator } = fakeOperator({ env: { PORTHOLE_STATE_DIR: '/of/env', PORTHOLE_CONFIG: file } });
  t.equal(configOf({}, operator).stateDir, '/of/env');
  t.equal(configOf({ stateDir: '-of-flag' }, operator).stateDir.endsWith('-of-flag'), true);
});

t.test('all that is wrong with it is told', async (t) => {
  const file = join(scratchDir(t), 'portholed.toml');
  writeFileSync(file, 'state-dri = "/x"\nhold = "soon"\n');
  try {
    configOf({ config: file }, fakeOperator().operator);
    t.fail('it was settled');
  } catch (error) {
    t.ok(error instanceof UsageProblem);
    t.match(error, { problems: [/state-dri/, /soon/] });
  }
});

t.test('every such command takes both flags', async (t) => {
  const { stateDir, config } = stateCommand('x', 'does it')
    .parse(['--state-dir', 'a', '--config=b'], { from: 'user' })
    .opts();
  t.same([stateDir, config], ['a', 'b']);
});
