import type { Peer, Site } from './peers/peer.ts';
import type { Contestant } from './rounds.ts';
import { verify } from './serving.ts';

/** A peer or case that this run does without. */
export interface LeftOut {
  readonly name: string;
  readonly reason: string;
}

export interface Lineup {
  readonly contestants: readonly Contestant[];
  readonly leftOut: readonly LeftOut[];
}

async function start(peer: Peer, site: Site): Promise<Contestant> {
  const missing = peer.tools.filter((tool) => site.workspace.tools[tool] === undefined);
  if (missing.length > 0) throw new Error(`not installed: ${missing.join(', ')}`);
  const running = await peer.start(site);
  for (const endpoint of [running.http, running.https]) {
    const problems = endpoint === undefined ? [] : await verify(endpoint);
    if (problems.length > 0)
      throw new Error(`${endpoint?.root} does not serve the origin: ${problems.join(', ')}`);
  }
  return { peer, running };
}

/** Starts all peers and looks whether the origin arrives whole through each; the ones that fail are named. */
export async function lineUp(
  peers: readonly Peer[],
  site: Site,
  { signal, say }: { signal: AbortSignal; say: (line: string) => void },
): Promise<Lineup> {
  const contestants: Contestant[] = [];
  const leftOut: LeftOut[] = [];
  for (const peer of peers) {
    try {
      contestants.push(await site.workspace.processes.together(() => start(peer, site)));
      say(`${peer.name} serves: ${peer.title}`);
    } catch (error) {
      signal.throwIfAborted();
      leftOut.push({ name: peer.name, reason: (error as Error).message });
      say(`${peer.name} is left out: ${(error as Error).message}`);
    }
  }
  return { contestants, leftOut };
}
