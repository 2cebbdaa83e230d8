// The benchmark: measures Porthole beside what else brings requests to a machine, in one run.
import { writeFileSync } from 'node:fs';
import { bench } from './bench.ts';
import type { BenchResult } from './bench.ts';
import { cases } from './cases.ts';
import { choose } from './choice.ts';
import { parseCommandLine, usage } from './options.ts';
import type { BenchOptions } from './options.ts';
import { summaryText } from './summary.ts';
import { Workspace } from './workspace.ts';

const exitCodes = { SIGINT: 130, SIGTERM: 143 };

/** Ends the run when it is told to; told again, at once. */
function endOnSignals(workspace: Workspace): AbortSignal {
  const ending = new AbortController();
  for (const [name, exitCode] of Object.entries(exitCodes)) {
    process.on(name, () => {
      if (ending.signal.aborted) process.exit(exitCode);
      process.exitCode = exitCode;
      ending.abort(new Error(`ended by ${name}`));
      void workspace.close();
    });
  }
  process.on('exit', () => workspace.destroy());
  return ending.signal;
}

function publish(result: BenchResult, { jsonFile }: BenchOptions): void {
  console.log(summaryText(result));
  if (jsonFile !== undefined) writeFileSync(jsonFile, `${JSON.stringify(result, undefined, 2)}\n`);
}

function complain(problem: string): void {
  console.error(`bench: ${problem}\n\n${usage}`);
  process.exitCode = 2;
}

async function run(options: BenchOptions): Promise<void> {
  const choice = choose(options);
  if (choice.kind === 'unknown') {
    complain(choice.problem);
    return;
  }
  const workspace = new Workspace();
  const signal = endOnSignals(workspace);
  try {
    const result = await bench({ ...choice, options, workspace, signal, say: console.error });
    publish(result, options);
    if (result.failures.length > 0) process.exitCode = 1;
  } catch (error) {
    process.exitCode ??= 1;
    console.error(`bench: ${(error as Error).message}`);
  } finally {
    await workspace.close();
  }
}

const commandLine = parseCommandLine(process.argv.slice(2));
switch (commandLine.kind) {
  case 'help':
    console.log(
      `${usage}\ncases:\n${cases.map(({ name, title }) => `  ${name.padEnd(18)} ${title}`).join('\n')}`,
    );
    break;
  case 'usage':
    complain(commandLine.problem);
    break;
  case 'run':
    await run(commandLine.options);
}
