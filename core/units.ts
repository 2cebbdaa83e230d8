const durationUnitsMs = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;

const sizeUnits = {
  GiB: 1024 ** 3,
  GB: 1000 ** 3,
  MiB: 1024 ** 2,
  MB: 1000 ** 2,
  KiB: 1024,
  KB: 1000,
  B: 1,
} as const;

const sizeUnitsByLowerCase = new Map(
  Object.entries(sizeUnits).map(([unit, bytes]) => [unit.toLowerCase(), bytes]),
);

/** A duration such as `250ms`, `10s`, `5m`, `2h`, `30d`, in milliseconds; undefined for anything else, a bare number too. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,15})(ms|s|m|h|d)$/.exec(text);
  if (match === null) return undefined;
  return safe(Number(match[1]) * durationUnitsMs[match[2] as keyof typeof durationUnitsMs]);
}

/** The duration in the largest unit that says it exactly; `parseDuration` reads it back to the same (whole) number. */
export function formatDuration(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  if (whole === 0) return '0s';
  return inLargestUnit(whole, Object.entries(durationUnitsMs));
}

/** A size such as `512`, `64KiB`, `10MB`, in bytes; the unit's case does not matter; undefined for anything else. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,15})([KMG]i?B|B)?$/i.exec(text);
  if (match === null) return undefined;
  const unitBytes = match[2] === undefined ? 1 : sizeUnitsByLowerCase.get(match[2].toLowerCase());
  return unitBytes === undefined ? undefined : safe(Number(match[1]) * unitBytes);
}

/** The size in the largest unit that says it exactly; `parseSize` reads it back to the same (whole) number. */
export function formatSize(bytes: number): string {
  const whole = Math.max(0, Math.round(bytes));
  return whole === 0 ? '0B' : inLargestUnit(whole, Object.entries(sizeUnits));
}

function inLargestUnit(whole: number, unitsLargestFirst: [name: string, value: number][]): string {
  const exact = unitsLargestFirst.find(([, value]) => whole % value === 0);
  const [name, value] = exact ?? ['', 1];
  return `${String(whole / value)}${name}`;
}

function safe(value: number): number | undefined {
  return Number.isSafeInteger(value) ? value : undefined;
}
