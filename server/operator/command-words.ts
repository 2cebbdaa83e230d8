const ownFlags = new Set(['--state-dir', '--config']);

/**
 * The words of an operator's command, `portholed admin add KEYFILE`; undefined for the command line of the gateway itself, which has only
 * flags. `--state-dir` and `--config` may stand before the command too: they come after it in what this gives.
 */
export function commandWords(argv: readonly string[]): readonly string[] | undefined {
  let at = 0;
  for (let word = argv[at]; word?.startsWith('-') === true; word = argv[at]) {
    const [flag = ''] = word.split('=', 1);
    if (!ownFlags.has(flag)) return undefined;
    at += flag === word ? 2 : 1;
  }
  return at < argv.length ? [...argv.slice(at), ...argv.slice(0, at)] : undefined;
}
