import { JumpTeam } from '../support/jump.ts';
import type { TestScope } from '../support/scope.ts';
import { RegressTest, type RegressResult } from './regress-test.ts';

const usual = [
  ...['exit-status', 'try-ciphers', 'stderr-data', 'transfer'],
  ...['envpass', 'yes-head', 'stderr-after-eof', 'broken-pipe'],
];

/** Most of them wait for most of their time. */
const atATime = 4;

/** What the fixtures of the tests close what they opened with. */
class Scope implements TestScope {
  readonly #actions: (() => unknown)[] = [];

  teardown(action: () => unknown): void {
    this.#actions.push(action);
  }

  passing(): boolean {
    return true;
  }

  comment(...words: unknown[]): void {
    console.error(...words);
  }

  async close(): Promise<void> {
    for (let action = this.#actions.pop(); action !== undefined; action = this.#actions.pop()) await action();
  }
}

async function main([source = '', ...given]: readonly string[]): Promise<number> {
  const names = given.length === 0 ? usual : given;
  const scope = new Scope();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void scope.close().finally(() => process.exit(1)));
  try {
    const team = await JumpTeam.start(scope, ['--max-startups', '500', '--max-startups-per-source', '500']);
    const results: RegressResult[] = [];
    const waiting = [...names];
    const lane = async (): Promise<void> => {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
        const result = await new RegressTest(scope, team, { name, source }).run();
        report(result);
        results.push(result);
      }
    };
    await Promise.all(Array.from({ length: atATime }, lane));
    return results.every(({ problem }) => problem === undefined) ? 0 : 1;
  } finally {
    await scope.close();
  }
}

function report({ name, problem, seen, seconds, output }: RegressResult): void {
  const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(0)} kB`;
  const facts = [
    `${String(seen.sessions)} sessions through the gate`,
    `${kilobytes(seen.bytesUp)} up, ${kilobytes(seen.bytesDown)} down`,
    `${seconds.toFixed(1)} s`,
  ];
  console.log(`${problem === undefined ? 'ok    ' : 'FAILED'} ${name}: ${problem ?? facts.join(', ')}`);
  if (problem !== undefined) console.log(output);
}

process.exitCode = await main(process.argv.slice(2));
