/** A word that a command takes by its place. */
export interface CommandArgument {
  /** In lower case; shown in capitals. */
  readonly name: string;
  /**
   * `public-key`: the name of a file, or `-`; at the gateway always standard input. `secret`: no word at all, since command lines are read by
   * others and kept: one line of standard input, or asked for on a terminal. `host-keys`: as a public key, but several of them.
   */
  readonly kind: 'text' | 'public-key' | 'host-keys' | 'secret';
  readonly optional?: boolean;
  /** All words that follow are it, too; the last one can be. */
  readonly many?: boolean;
  readonly about: string;
}

/** Something that a command takes by its name: `--name value`, `--name=value`, or `--name` alone. */
export interface CommandOption {
  /** Without the dashes. */
  readonly name: string;
  /** What its value is; without one it takes none. */
  readonly placeholder?: string;
  /** Its value is a whole number: in JSON it may be one. */
  readonly number?: boolean;
  /** It may be given several times. */
  readonly many?: boolean;
  readonly about: string;
}

/** The least role of those who may give a command; whose things they may touch is decided where it has its effect. */
export type CommandCallers = 'anyone' | 'member' | 'admin';

/** One command that manages the gateway: the same words for `porthole WORDS` and `ssh gateway WORDS`. */
export interface CommandSpec {
  readonly name: string;
  readonly summary: string;
  readonly who: CommandCallers;
  /** What those may do who may not give it. */
  readonly instead?: string;
  readonly arguments: readonly CommandArgument[];
  readonly options: readonly CommandOption[];
  /** It changes nothing: over HTTP it is asked for by GET, too. */
  readonly reads?: boolean;
  /** It needs no gateway. */
  readonly local?: boolean;
  /** The client has a command of that name with more to it. */
  readonly ownInClient?: boolean;
}
