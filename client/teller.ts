import { HumanReport } from './human-report.ts';
import { LiveView, type WatchedTunnels } from './live-view.ts';
import { Readiness } from './readiness.ts';
import type { ClientEvent, Place } from './report.ts';
import type { Surroundings } from './surroundings.ts';
import { paint } from './terminal.ts';

/** Tells everything that happens to whoever wants to know: a person, a program, the service manager. */
export interface Teller {
  tell(events: readonly ClientEvent[]): void;
  /** It runs from now on: a terminal gets its live view. */
  watch(place: Place, tunnels: WatchedTunnels): void;
  /** It was asked to end. */
  stopping(): void;
  /** Settles when all was told. */
  close(): Promise<void>;
}

type Tell = (events: readonly ClientEvent[]) => void;

export function openTeller(
  flags: { readonly json?: boolean; readonly live?: boolean },
  around: Surroundings,
): Teller {
  const readiness = new Readiness(around.env);
  const lines = flags.json === true ? tellJson(around) : tellPerson(around);
  let view: LiveView | undefined;
  return {
    tell: (events) => {
      if (events.length === 0) return;
      if (view === undefined) lines(events);
      else view.tell(events);
      readiness.tell(events);
    },
    watch: (place, tunnels) => {
      if (flags.json === true || flags.live === false) return;
      const terminal = around.openTerminal();
      if (terminal !== undefined) view = new LiveView(terminal, place, tunnels);
    },
    stopping: () => {
      view?.stopping();
      readiness.stopping();
    },
    close: async () => {
      view?.close();
      await readiness.close();
    },
  };
}

function tellJson({ out }: Surroundings): Tell {
  return (events) =>
    events.forEach((event) => out(JSON.stringify({ ...event, time: new Date().toISOString() })));
}

function tellPerson({ out, err, colour }: Surroundings): Tell {
  const report = new HumanReport();
  return (events) => {
    for (const { to, tone, text } of report.lines(events))
      (to === 'stdout' ? out : err)(paint(tone, text, colour[to]));
  };
}
