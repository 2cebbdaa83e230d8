/** The words of `porthole connect [ENV] [TARGET...]`, told apart. */
export interface ConnectWords {
  /** Undefined when none of them is the name. */
  readonly env: string | undefined;
  readonly targets: readonly string[];
}

export const wordsHelp = `
Which word is ENV:
  The first word is the environment, unless it can only be a target: it has a "=", ":" or "?" in it, or it is a
  port number that stands alone. Without ENV: --env, PORTHOLE_ENV, porthole.toml, the git branch, the branch that
  CI builds.
    pr-42 3000     ENV pr-42, target 3000         3000           ENV from git, target 3000
    42 3000        ENV 42, target 3000            web=3000       ENV from git, target web=3000
    pr-42          ENV pr-42, targets from porthole.toml or Docker`;

/**
 * The first word is the environment unless it can only be a target. No branch has a `:` or `?` in its name, and no
 * environment a `=`; a port number that stands alone would leave nothing to offer.
 */
export function readWords(words: readonly string[], envIsGiven: boolean): ConnectWords {
  const [first, ...others] = words;
  if (first === undefined || envIsGiven || isTarget(first, others)) return { env: undefined, targets: words };
  return { env: first, targets: others };
}

function isTarget(word: string, others: readonly string[]): boolean {
  if (/[=:?]/.test(word)) return true;
  return others.length === 0 && /^\d+$/.test(word);
}
