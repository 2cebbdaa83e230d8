import { type ServiceState, notifySystemd } from '../core/sd-notify.ts';
import { oneLine } from './printable.ts';
import type { ClientEvent } from './report.ts';

/** Tells the service manager what a person would be told: ready when the forwards stand, and one line of status. */
export class Readiness {
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #urls = new Map<string, string>();
  readonly #refusing = new Set<string>();
  #isReady = false;
  #state = 'connecting';
  #told = '';
  #last: Promise<unknown> = Promise.resolve();

  constructor(env: Readonly<Record<string, string | undefined>>) {
    this.#env = env;
  }

  tell(events: readonly ClientEvent[]): void {
    for (const event of events) this.#take(event);
    this.#send({ ...(this.#isReady ? { ready: true } : {}), status: this.#status() });
  }

  stopping(): void {
    this.#send({ stopping: true, status: 'stopping' });
  }

  /** Settles when all was told. */
  async close(): Promise<void> {
    await this.#last;
  }

  #take(event: ClientEvent): void {
    switch (event.event) {
      case 'connected':
        this.#isReady = true;
        this.#state = `${event.env} is online`;
        this.#urls.clear();
        return;
      case 'forward':
        if (event.url !== '') this.#urls.set(nameOf(event), event.url);
        return;
      case 'forward-withdrawn':
      case 'forward-refused':
        this.#urls.delete(nameOf(event));
        return;
      case 'upstream-refused':
        this.#refusing.add(event.target);
        return;
      case 'upstream-listening':
        this.#refusing.delete(event.target);
        return;
      case 'disconnected':
      case 'retrying':
        this.#state = `not connected: ${oneLine(event.reason)}`;
        return;
      default:
    }
  }

  #status(): string {
    const refusing = [...this.#refusing].map((target) => `nothing listens on ${target}`);
    return [this.#state, ...this.#urls.values(), ...refusing].join('; ');
  }

  #send(state: ServiceState): void {
    const text = JSON.stringify(state);
    if (text === this.#told) return;
    this.#told = text;
    this.#last = notifySystemd(state, { ...this.#env });
  }
}

function nameOf({ service, port }: { service: string | null; port: number | null }): string {
  return `${service ?? ''}:${port ?? ''}`;
}
