/** One block of PEM (RFC 7468). */
export interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY`, ... */
  readonly label: string;
  /** All of the block, with its encapsulation lines, ended by a newline. */
  readonly text: string;
}

/** The blocks in a text, which may have other things between them; `undefined` if one begins and does not end. */
export function pemBlocks(text: string): PemBlock[] | undefined {
  const blocks: PemBlock[] = [];
  for (const match of text.matchAll(/^-----BEGIN ([A-Z0-9 ]+)-----\r?\n[\s\S]*?^-----END \1-----[ \t]*$/gm)) {
    blocks.push({ label: match[1] ?? '', text: `${match[0].trimEnd()}\n` });
  }
  const begun = text.match(/^-----BEGIN /gm)?.length ?? 0;
  return begun === blocks.length ? blocks : undefined;
}

/** The certificates among the blocks, in their order. */
export function certificateBlocks(blocks: readonly PemBlock[]): string[] {
  return blocks.filter(({ label }) => /^(X509 |TRUSTED )?CERTIFICATE$/.test(label)).map(({ text }) => text);
}

/** The first private key among the blocks; there may be parameters before it. */
export function keyBlock(blocks: readonly PemBlock[]): PemBlock | undefined {
  return blocks.find(({ label }) => label.endsWith('PRIVATE KEY'));
}
