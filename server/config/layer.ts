import type { Text } from './key.ts';
import type { Field } from './keys.ts';

/** Where a value comes from: `--hold`, `PORTHOLE_HOLD`, `/etc/porthole.toml:hold`, or nowhere but the table. */
export interface Source {
  readonly kind: 'default' | 'file' | 'environment' | 'flag';
  /** As a person would look for it. */
  readonly name: string;
}

export interface Given {
  readonly text: Text;
  readonly source: Source;
}

/** What one kind of source gives, unchecked, with the problems of its form. A later layer wins over an earlier one. */
export interface Layer {
  readonly given: ReadonlyMap<Field, Given>;
  readonly problems: readonly string[];
}
