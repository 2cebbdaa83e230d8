import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { splitWords } from '../../core/command-words.ts';
import type { SshConfigFacts } from '../../core/ssh-config-facts.ts';
import { sshConfigFacts } from '../support/ssh-config-facts.ts';
import { FakeGateway, type FakeRun, type Teardown } from './fake-gateway.ts';
import { FakeSurroundings } from './fake-surroundings.ts';

/** A user, and a gateway that answers every `ssh-config` with these facts, and every `target cert` with that. */
export async function configGateway(
  t: Teardown,
  facts: Partial<SshConfigFacts> | FakeRun = {},
  cert: FakeRun = { code: 1, stderr: 'no certificate\n' },
) {
  const commands: string[][] = [];
  const gateway = await FakeGateway.start(t, {
    run: (command) => {
      const words = splitWords(command);
      commands.push(words.ok ? words.value : []);
      if (command.startsWith('target cert')) return cert;
      return isRun(facts) ? facts : { code: 0, stdout: `${JSON.stringify(sshConfigFacts(facts))}\n` };
    },
  });
  const user = new FakeSurroundings(t);
  user.addKey();
  user.env['PORTHOLE_SERVER'] = `ssh://127.0.0.1:${String(gateway.port)}`;
  user.env['PORTHOLE_HOST_KEY'] = gateway.fingerprint;
  user.env['PATH'] = process.env['PATH'] ?? '';
  return { user, gateway, commands, run: (...words: string[]) => user.run(...words) };
}

function isRun(answer: Partial<SshConfigFacts> | FakeRun): answer is FakeRun {
  return 'code' in answer;
}

/** A certificate that ssh-keygen made for this user's key. */
export function certificateOf(user: FakeSurroundings, validity: string): string {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(user.home, 'ca')]);
  const pub = join(user.home, '.ssh', 'id_ed25519.pub');
  execFileSync('ssh-keygen', ['-q', '-s', join(user.home, 'ca'), '-I', 'x', '-n', 'y', '-V', validity, pub]);
  return readFileSync(join(user.home, '.ssh', 'id_ed25519-cert.pub'), 'utf8');
}

/** Stands for ssh: tells what it was given, and ends as it was told. */
export function fakeSsh(user: FakeSurroundings, body: string): void {
  const bin = join(user.home, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'ssh'), `#!/bin/sh\n${body}\n`);
  chmodSync(join(bin, 'ssh'), 0o755);
  user.env['PATH'] = `${bin}:${process.env['PATH'] ?? ''}`;
  user.env['OUT'] = user.home;
}
