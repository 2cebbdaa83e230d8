const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** A moment as people write it, as short as it can be seen from `nowMs`: `14:02 UTC`, or with its day, and its year. */
export function clockWords(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  const now = new Date(nowMs);
  const time = `${at.toISOString().slice(11, 16)} UTC`;
  const day = `${at.getUTCDate()} ${months[at.getUTCMonth()] ?? ''}`;
  if (at.getUTCFullYear() !== now.getUTCFullYear()) return `${day} ${at.getUTCFullYear()}, ${time}`;
  return Math.floor(atMs / dayMs) === Math.floor(nowMs / dayMs) ? time : `${day}, ${time}`;
}

/** How long ago that was, in the largest unit of which there are at least two. A clock that went back says `just now`. */
export function agoWords(ms: number): string {
  if (ms < minuteMs) return 'just now';
  if (ms < 2 * minuteMs) return 'a minute ago';
  if (ms < 2 * hourMs) return `${Math.floor(ms / minuteMs)} minutes ago`;
  if (ms < 2 * dayMs) return `${Math.floor(ms / hourMs)} hours ago`;
  return `${Math.floor(ms / dayMs)} days ago`;
}
