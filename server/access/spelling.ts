/** How often a name is decoded at most: once by whoever should, once more by whoever should not. */
const rounds = 2;

/** A name as the most liberal reader of it takes it: percent-decoded, without what surrounds it, in lower case. */
export function plainName(text: string): string {
  let name = text;
  for (let round = 0; round < rounds && name.includes('%'); round++) name = decodedOctets(name);
  return name.replace(/^[\s"'\0]+|[\s"'\0]+$/g, '').toLowerCase();
}

/** Percent-decoded octet by octet: nothing is an error, and what is no escape stays. */
export function decodedOctets(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
