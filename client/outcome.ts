/** How a command ended. Each kind has its own exit status, so that scripts need not read the text. */
export type Outcome =
  { readonly kind: 'ok' } | { readonly kind: 'failed' | 'usage' | 'refused'; readonly reason: string };

export const ok: Outcome = { kind: 'ok' };

export function exitCode(outcome: Outcome): 0 | 1 | 2 | 3 {
  switch (outcome.kind) {
    case 'ok':
      return 0;
    case 'failed':
      return 1;
    case 'usage':
      return 2;
    case 'refused':
      return 3;
  }
}
