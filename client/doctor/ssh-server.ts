import { fingerprint } from '../../core/fingerprint.ts';
import type { HostKeyScan } from '../ssh-server/host-key-scan.ts';
import { scanLocal } from '../ssh-server/open-reporter.ts';
import type { SshServer } from '../ssh-server/ssh-server-offer.ts';
import { formatTarget } from '../target.ts';
import { type Check, failed, fine, type Verdict } from './check.ts';

/** Whether the SSH server answers that is offered to the gate. */
export function sshServerChecks(server: SshServer | undefined): Check[] {
  if (server === undefined) return [];
  const { target } = server.offer;
  return [
    {
      name: 'ssh-server',
      needs: [],
      run: async () => judgeSshServer(formatTarget(target), await scanLocal(target)),
    },
  ];
}

export function judgeSshServer(where: string, seen: HostKeyScan): Verdict {
  switch (seen.kind) {
    case 'keys':
      return fine(`${where} shows its host keys: ${seen.keys.map(shortKey).join(', ')}`);
    case 'unreachable':
      return failed(
        `the SSH server at ${where} cannot be reached: ${seen.reason}`,
        'start it (systemctl start ssh), or say where it listens: --ssh PORT or --ssh HOST:PORT',
      );
    case 'mute':
      return failed(
        `what listens on ${where} does not answer as an SSH server: ${seen.reason}`,
        'say where the SSH server listens: --ssh PORT or --ssh HOST:PORT; if it is that, look at its log',
      );
  }
}

function shortKey(line: string): string {
  const [type = '', base64 = ''] = line.split(' ');
  return `${type} ${fingerprint(Buffer.from(base64, 'base64'))}`;
}
