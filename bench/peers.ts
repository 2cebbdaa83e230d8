import type { BenchOptions } from './options.ts';
import { direct } from './peers/direct.ts';
import { external } from './peers/external.ts';
import { nginxAlone } from './peers/nginx.ts';
import { nginxSshd } from './peers/nginx-sshd.ts';
import type { Peer } from './peers/peer.ts';
import { portholeClient } from './peers/porthole-client.ts';
import { portholeSsh } from './peers/porthole-ssh.ts';

/** The peer that all ratios are taken to. */
export const reference = nginxSshd.name;

/** Everything that can be measured, in the order of the report's columns. */
export function allPeers(options: BenchOptions): Peer[] {
  return [
    nginxSshd,
    portholeSsh(options),
    portholeClient(options),
    nginxAlone,
    direct,
    ...options.external.map(external),
  ];
}
