import { markup, type Html } from './html.ts';

/** A point in time as people read it, with its exact value for programs: `22 Nov 2026, 18:31 UTC`. */
export function timeText(ms: number): Html {
  const at = new Date(ms);
  const day = at.toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    timeZone: 'UTC',
  });
  const iso = at.toISOString();
  return markup`<time datetime="${iso}">${day}, ${iso.slice(11, 16)} UTC</time>`;
}
