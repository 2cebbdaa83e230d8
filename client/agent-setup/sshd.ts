import type { Parsed } from '../../core/parsed.ts';
import { oneLine } from '../printable.ts';
import type { RunProgram } from './run-program.ts';

/** What an sshd makes of its configuration: each setting by its name in lower case, as `sshd -T` tells it. */
export type SshdSettings = ReadonlyMap<string, string>;

export interface SshdOptions {
  /** The program. */
  readonly program: string;
  /** Its main configuration file. */
  readonly config: string;
  readonly run: RunProgram;
  /** Only root can read its host keys, which it wants to see whatever it is asked. */
  readonly isRoot?: () => boolean;
}

/** The SSH server of this machine, as far as it can be asked about its configuration. */
export class Sshd {
  readonly #options: SshdOptions;

  constructor(options: SshdOptions) {
    this.#options = options;
  }

  /** Whether it would start with its configuration, or with that of another file. */
  async test(config = this.#options.config): Promise<Parsed<undefined>> {
    const answer = await this.#ask(['-t', '-f', config]);
    return answer.ok ? { ok: true, value: undefined } : answer;
  }

  /** What is in effect: for a user who comes by the gateway, if one is given. */
  async settings(user?: string): Promise<Parsed<SshdSettings>> {
    const who = user === undefined ? [] : ['-C', `user=${user},host=localhost,addr=127.0.0.1`];
    const answer = await this.#ask(['-T', '-f', this.#options.config, ...who]);
    return answer.ok ? { ok: true, value: parseSettings(answer.value) } : answer;
  }

  /** Whether it knows an option: one that it does not know would end its start. */
  async knows(option: string, value: string): Promise<boolean> {
    return (await this.#ask(['-T', '-f', this.#options.config, '-o', `${option}=${value}`])).ok;
  }

  async #ask(words: readonly string[]): Promise<Parsed<string>> {
    const { program, run, isRoot = () => process.getuid?.() === 0 } = this.#options;
    const { code, stdout, stderr } = await run(program, words);
    if (code === 0) return { ok: true, value: stdout };
    const said = lastWords(stderr) || `${program} ended with ${String(code)}`;
    return { ok: false, problem: isRoot() ? said : `${said} (it takes root: use sudo)` };
  }
}

/** Settings that may be there several times are of no interest here. */
export function parseSettings(text: string): SshdSettings {
  const pairs = text.split('\n').flatMap((line): [string, string][] => {
    const [, name, value] = /^(\w+) (.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value.trim()]];
  });
  return new Map(pairs);
}

const lines = 3;

function lastWords(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => oneLine(line))
    .filter((line) => line !== '')
    .slice(-lines)
    .join('; ');
}
