import { HumanReport } from './human-report.ts';
import type { ClientEvent, Place } from './report.ts';
import type { AnsweredRequest } from './request-line.ts';
import { type TargetLine, targetLines } from './ssh-server/target-lines.ts';

/** One line of the live view about a service. */
export interface LiveService {
  readonly name: string;
  readonly url: string | undefined;
  readonly shareUrl: string | undefined;
  readonly access: string | undefined;
  readonly target: string;
  /** Why it is not served, in one sentence. */
  readonly problem: string | undefined;
}

export type LiveState =
  | { readonly kind: 'connecting' | 'online' | 'moving' | 'stopping' | 'ended' }
  | { readonly kind: 'waiting'; readonly reason: string; readonly untilMs: number };

/** What the live view shows at one moment. */
export interface LiveModel {
  readonly env: string;
  readonly server: string;
  readonly state: LiveState;
  readonly tunnels: { readonly live: number; readonly wanted: number } | undefined;
  readonly services: readonly LiveService[];
  /** Who the machine is, and what is wrong with that; empty where its SSH server is not offered. */
  readonly machine: readonly TargetLine[];
  readonly requests: readonly AnsweredRequest[];
  readonly messages: readonly { readonly atMs: number; readonly text: string; readonly bad: boolean }[];
}

const maxRequests = 8;
const maxMessages = 4;

/** Gathers what the live view shows from what happens. */
export class LiveRecord implements LiveModel {
  readonly server: string;
  env: string;
  state: LiveState = { kind: 'connecting' };
  tunnels: LiveModel['tunnels'];
  machine: readonly TargetLine[] = [];
  requests: AnsweredRequest[] = [];
  messages: LiveModel['messages'] = [];
  readonly #services = new Map<string, LiveService>();
  readonly #report = new HumanReport();
  readonly #nowMs: () => number;

  constructor(place: Place, nowMs: () => number) {
    this.server = place.server;
    this.env = place.env;
    this.#nowMs = nowMs;
  }

  get services(): LiveService[] {
    return [...this.#services.values()];
  }

  request(request: AnsweredRequest): void {
    this.requests = [...this.requests, request].slice(-maxRequests);
  }

  take(event: ClientEvent): void {
    switch (event.event) {
      case 'connected':
        this.env = event.env;
        this.state = { kind: 'online' };
        this.#services.clear();
        return;
      case 'forward': {
        const { url, shareUrl, access } = event;
        this.#change(event, { url, shareUrl, access, problem: undefined });
        return;
      }
      case 'forward-refused':
        this.#change(event, { url: undefined, problem: `refused: ${event.reason}` });
        return;
      case 'forward-withdrawn':
        this.#services.delete(nameOf(event));
        return;
      case 'upstream-refused':
        this.#change(event, { problem: refusalOf(event) });
        return;
      case 'upstream-listening':
        this.#change(event, { problem: undefined });
        return;
      case 'target':
        this.machine = targetLines(event);
        return;
      case 'draining':
        this.state = { kind: 'moving' };
        break;
      case 'moved':
        this.state = { kind: 'online' };
        break;
      case 'tunnels':
        this.tunnels = { live: event.live, wanted: event.wanted };
        return;
      case 'connecting':
        return;
      case 'disconnected':
        this.state = { kind: 'connecting' };
        return;
      case 'retrying':
        this.#wait(event.reason, event.inMs);
        return;
      case 'exit':
        this.state = { kind: 'ended' };
        return;
      default:
    }
    this.#note(event);
  }

  stopping(): void {
    this.state = { kind: 'stopping' };
  }

  /** A reason that stays the same is said once. */
  #wait(reason: string, inMs: number): void {
    if (this.state.kind !== 'moving') this.state = { kind: 'waiting', reason, untilMs: this.#nowMs() + inMs };
    if (this.messages.at(-1)?.text !== reason) this.#say(reason, true);
  }

  #change(
    event: ClientEvent & { service: string | null; port: number | null; target: string },
    change: Partial<LiveService>,
  ): void {
    const name = nameOf(event);
    const before = this.#services.get(name);
    const fresh = { name, url: undefined, shareUrl: undefined, access: undefined, problem: undefined };
    this.#services.set(name, { ...fresh, ...before, target: event.target, ...change });
  }

  #note(event: ClientEvent): void {
    for (const { text, tone } of this.#report.lines([event])) this.#say(text, tone === 'bad');
  }

  #say(text: string, bad: boolean): void {
    this.messages = [...this.messages, { atMs: this.#nowMs(), text, bad }].slice(-maxMessages);
  }
}

function refusalOf({ code, reason, service }: ClientEvent & { event: 'upstream-refused' }): string {
  const stays = service === 'ssh' ? 'it stays offered' : 'the URL stays';
  return code === 'ECONNREFUSED' || code === 'ENOENT'
    ? `nothing listens there - start it, ${stays}`
    : `cannot be reached (${reason}) - ${stays}`;
}

function nameOf({ service, port }: { service: string | null; port: number | null }): string {
  return [service, port].filter((part) => part !== null).join(':');
}
