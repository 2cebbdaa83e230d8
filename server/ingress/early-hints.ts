/** All that a 103 is for (RFC 8297): its links, names and values in turn. */
export function linksOf(rawHeaders: readonly string[]): string[] {
  const links: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === 'link') links.push('Link', rawHeaders[i + 1] ?? '');
  }
  return links;
}
