import { quoteWord } from '../../core/command-words.ts';
import { openssh } from './openssh.ts';
import type { Portholed } from './portholed.ts';
import type { TestScope } from './scope.ts';
import type { SshKey } from './ssh-keys.ts';

export interface Told {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Gives commands to a gateway with the real `ssh` and one key: `ssh gw key list`. */
export function commandsBySsh(
  t: TestScope,
  gateway: Portholed,
  key: SshKey,
): (words: string | readonly string[], input?: string) => Promise<Told> {
  return async (words, input = '') => {
    const command = typeof words === 'string' ? [words] : words.map(quoteWord);
    const ssh = openssh(t, {
      port: gateway.port,
      key,
      user: 'admin',
      args: ['-o', 'LogLevel=ERROR'],
      command,
    });
    ssh.write(input);
    ssh.end();
    const { code } = await ssh.exit;
    return { code, stdout: ssh.stdout, stderr: ssh.stderr };
  };
}
