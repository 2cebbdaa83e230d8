import { quote } from '../../core/quote.ts';
import type { Labels } from './container.ts';

/** Whether a container is meant. */
export type Selection =
  | { readonly kind: 'wanted' }
  /** Nobody's business; nothing is told of it. */
  | { readonly kind: 'other' }
  /** It was meant to say something and did not. */
  | { readonly kind: 'unclear'; readonly reason: string };

const projectLabel = 'com.docker.compose.project';

/**
 * Containers of the compose project are wanted unless they say no; others must say yes, and those of another compose project are
 * never wanted where there is one of our own.
 */
export function select(labels: Labels, project: string | undefined): Selection {
  const enable = labels['porthole.enable'];
  const belongsTo = labels[projectLabel];
  const isOurs = project !== undefined && belongsTo === project;
  const isAnothers = project !== undefined && belongsTo !== undefined && belongsTo !== project;
  if (isAnothers) return { kind: 'other' };
  switch (enable?.trim().toLowerCase()) {
    case undefined:
      return isOurs ? { kind: 'wanted' } : { kind: 'other' };
    case 'true':
      return { kind: 'wanted' };
    case 'false':
      return { kind: 'other' };
    default:
      return {
        kind: 'unclear',
        reason: `label porthole.enable: ${quote(enable ?? '')} is neither true nor false`,
      };
  }
}
