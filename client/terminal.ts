import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { HumanLine } from './human-report.ts';

const codes: Readonly<Record<HumanLine['tone'], string>> = { plain: '', good: '32', bad: '31', dim: '2' };

/** The text in the colour of its tone, where colours are wanted. */
export function paint(tone: HumanLine['tone'], text: string, colour: boolean): string {
  const code = codes[tone];
  return colour && code !== '' ? `\u001b[${code}m${text}\u001b[0m` : text;
}

/** Colours only on a terminal, and not when NO_COLOR (https://no-color.org) or a dumb terminal is set. */
export function wantsColour(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  return stream.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}

/** Asks a question whose answer is not shown; undefined when the user ends it with Ctrl-C or Ctrl-D. */
export function askHidden(
  question: string,
  { input, output }: { input: NodeJS.ReadableStream; output: NodeJS.WritableStream },
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
    const lines = createInterface({ input, output: silent, terminal: true, historySize: 0 });
    const settle = (answer: string | undefined): void => {
      resolve(answer);
      lines.close();
    };
    output.write(question);
    lines.once('line', settle);
    lines.once('SIGINT', () => settle(undefined));
    lines.once('close', () => {
      output.write('\n');
      resolve(undefined);
    });
  });
}
