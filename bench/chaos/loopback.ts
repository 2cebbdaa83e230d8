/** Addresses of this machine, one for each tunnel of a fleet: 127.1.0.1 and so on, without those that end in 0 or 255. */
export function loopbackAddress(index: number): string {
  const [high, low] = [Math.floor(index / 254), index % 254];
  if (index < 0 || high > 255) throw new RangeError(`no loopback address for number ${index}`);
  return `127.1.${high}.${low + 1}`;
}
