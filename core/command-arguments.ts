import type { CommandArgument } from './command-spec.ts';

/** A key that is known, however it is named. */
export const key: CommandArgument = {
  name: 'key',
  kind: 'text',
  about: 'a name, PRINCIPAL/NAME, or a fingerprint or its beginning',
};

/** One of those that a list shows. */
export const id: CommandArgument = { name: 'id', kind: 'text', about: 'its id, as the list shows it' };
