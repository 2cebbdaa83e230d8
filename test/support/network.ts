import { execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import type { TestScope } from './scope.ts';

/** A network of its own, joined to this machine's by one cable. */
export interface FarNetwork {
  /** This machine, as it is reached from there. */
  readonly address: string;
  /** Put before a command, runs it there. */
  readonly enter: readonly string[];
  /** From now on every packet is lost, both ways, and nobody is told. */
  cut(): void;
}

const dropAll = `table inet cut {
  chain in { type filter hook input priority 0; policy drop; }
  chain out { type filter hook output priority 0; policy drop; }
}`;

/** Needs root, or a user namespace of the test's own. It lasts as long as the test does, however that ends. */
export async function farNetwork(t: Pick<TestScope, 'teardown'>): Promise<FarNetwork> {
  // Ends with its standard input, even when nobody is left to end it.
  const holder = spawn('unshare', ['--net', 'cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.teardown(async () => {
    holder.stdin.end();
    if (holder.exitCode === null) await once(holder, 'exit');
  });
  holder.stdin.write('ready\n');
  await once(holder.stdout, 'data');
  const pid = String(holder.pid);
  const enter = ['nsenter', '--net', '--target', pid];
  const [here, there] = [`ph${pid}`, `pf${pid}`];
  // A connection that could not say goodbye keeps the other network for minutes, and would keep the cable with it.
  t.teardown(() => {
    run('ip', 'link', 'delete', here);
  });
  // 198.18.0.0/15 is for tests of networks (RFC 2544).
  const subnet = `198.18.${String(randomInt(256))}`;
  const base = 4 * randomInt(64);
  const address = `${subnet}.${String(base + 1)}`;
  run('ip', 'link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', pid);
  run('ip', 'addr', 'add', `${address}/30`, 'dev', here);
  run('ip', 'link', 'set', here, 'up');
  run(...enter, 'ip', 'addr', 'add', `${subnet}.${String(base + 2)}/30`, 'dev', there);
  run(...enter, 'ip', 'link', 'set', there, 'up');
  return {
    address,
    enter,
    cut: () => {
      const [file, ...args] = [...enter, 'nft', '-f', '-'];
      execFileSync(file, args, { input: dropAll, stdio: ['pipe', 'pipe', 'inherit'] });
    },
  };
}

function run(...command: readonly string[]): void {
  const [file = '', ...args] = command;
  execFileSync(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}
