import type { ClientEvent } from './report.ts';
import { targetLines } from './ssh-server/target-lines.ts';

/** One line for a person. URLs go to standard output, everything else to standard error. */
export interface HumanLine {
  readonly to: 'stdout' | 'stderr';
  readonly tone: 'plain' | 'good' | 'bad' | 'dim';
  readonly text: string;
}

type Forward = ClientEvent & { event: 'forward' };

/**
 * Tells events to a person: what happened at once belongs together, and what was said before is not said
 * again.
 */
export class HumanReport {
  readonly #toldForwards = new Map<string, string>();

  lines(events: readonly ClientEvent[]): HumanLine[] {
    const forwards = events.filter((event) => event.event === 'forward');
    for (const event of events)
      if (event.event === 'forward-withdrawn') this.#toldForwards.delete(serviceName(event));
    const others = events.filter((event) => event.event !== 'forward').flatMap(otherLines);
    return [...others, ...this.#forwardLines(forwards)];
  }

  #forwardLines(forwards: readonly Forward[]): HumanLine[] {
    const news = forwards.filter((forward) => {
      const text = JSON.stringify(forward);
      const isKnown = this.#toldForwards.get(serviceName(forward)) === text;
      this.#toldForwards.set(serviceName(forward), text);
      return !isKnown;
    });
    const width = Math.max(...news.map((forward) => forward.url.length));
    return news.flatMap((forward) =>
      forward.url === '' ? [serviceLine(forward)] : urlLines(forward, width),
    );
  }
}

/** It has no URL to copy. */
function serviceLine(forward: Forward): HumanLine {
  return note('good', `${serviceName(forward)}  ->  ${forward.target}`);
}

function urlLines({ url, target, access, shareUrl }: Forward, width: number): HumanLine[] {
  const note = access === undefined || access === 'public' ? '' : `  (${access})`;
  const lines: HumanLine[] = [
    { to: 'stdout', tone: 'good', text: `${url.padEnd(width)}  ->  ${target}${note}` },
  ];
  if (shareUrl !== undefined)
    lines.push({ to: 'stdout', tone: 'plain', text: `${shareUrl}  opens it for whoever has this link` });
  return lines;
}

function otherLines(event: Exclude<ClientEvent, Forward>): HumanLine[] {
  switch (event.event) {
    case 'connecting':
      return event.attempt > 1 ? [] : [note('dim', `connecting to ${event.server} as ${event.env}`)];
    case 'connected':
      return [note('dim', `connected: ${event.env} is online`)];
    case 'forward-refused':
      return [note('bad', `${serviceName(event)} was refused: ${event.reason}`)];
    case 'upstream-refused':
      return [note('bad', upstreamText(event))];
    case 'upstream-listening':
      return [note('dim', `${event.target} listens now`)];
    case 'tunnels':
      return [note('dim', `${event.live} of ${event.wanted} connections serve`)];
    case 'forward-withdrawn':
      return [note('dim', `${serviceName(event)} is no longer offered`)];
    case 'no-services':
      return [note('dim', 'nothing to offer yet - waiting for services')];
    case 'draining':
      return [note('dim', 'moving to a new connection')];
    case 'moved':
      return [note('dim', 'moved to the new connection; nothing was lost')];
    case 'key-created':
      return keyLines(event);
    case 'certificate':
      return [certificateLine(event)];
    case 'docker':
      return [dockerLine(event)];
    case 'container-skipped':
      return [note('bad', `container ${event.container} is not offered: ${event.reason}`)];
    case 'url-file-failed':
      return [note('bad', event.reason)];
    case 'target':
    case 'target-problem':
      return targetLines(event).map(({ tone, text }) => note(tone, text));
    case 'retrying':
      return [note('bad', `${event.reason}; trying again in ${formatDelay(event.inMs)}`)];
    // The delay that follows tells the reason too, and the end is told by the command.
    case 'disconnected':
    case 'exit':
      return [];
  }
}

function keyLines({ file, publicKey }: ClientEvent & { event: 'key-created' }): HumanLine[] {
  return [
    note('plain', `there was no SSH key, so one was made: ${file}`),
    note('plain', 'have it added at the gateway (porthole key add, or its authorized keys):'),
    note('plain', publicKey),
  ];
}

function certificateLine(event: ClientEvent & { event: 'certificate' }): HumanLine {
  if (event.state === 'not-renewed')
    return note('bad', `the certificate, good until ${event.expiresAt}, cannot be renewed: ${event.reason}`);
  const { state, principal, role, env, expiresAt } = event;
  const names = env.length === 0 ? 'no environment' : env.join(', ');
  return note('dim', `certificate ${state}: ${principal} (${role}), for ${names}, until ${expiresAt}`);
}

function dockerLine({
  state,
  reason = 'the Docker engine is away',
}: ClientEvent & { event: 'docker' }): HumanLine {
  return state === 'watching'
    ? note('dim', 'watching the Docker engine')
    : note('bad', `${reason}; what is offered stays`);
}

function upstreamText(event: ClientEvent & { event: 'upstream-refused' }): string {
  const { code, target, reason } = event;
  const isAbsent = code === 'ECONNREFUSED' || code === 'ENOENT';
  const stays = event.service === 'ssh' ? 'it stays offered' : 'the URL stays';
  return isAbsent
    ? `nothing listens on ${target} - start it, ${stays}`
    : `cannot reach ${target} (${reason}) - ${stays}`;
}

function serviceName({ service, port }: { service: string | null; port: number | null }): string {
  const name = [service, port].filter((part) => part !== null).join(':');
  return name === '' ? 'the default service' : name;
}

function formatDelay(ms: number): string {
  return ms < 950 ? `${ms} ms` : `${Math.round(ms / 1000)} s`;
}

function note(tone: HumanLine['tone'], text: string): HumanLine {
  return { to: 'stderr', tone, text };
}
