// Chaos: kills, stops, cuts off and replaces the parts of a running Porthole, and tells whether its promises were kept.
import { writeFileSync } from 'node:fs';
import { machine } from '../tools.ts';
import { type ChaosOptions, parseChaosCommandLine, usage } from './options.ts';
import { allKept, runScenarios } from './run.ts';
import { scenarios } from './scenarios.ts';
import { chaosTable } from './table.ts';

const exitCodes = { SIGINT: 130, SIGTERM: 143 };

/** Ends the run when it is told to; told again, at once. */
function endOnSignals(): AbortSignal {
  const ending = new AbortController();
  for (const [name, exitCode] of Object.entries(exitCodes)) {
    process.on(name, () => {
      if (ending.signal.aborted) process.exit(exitCode);
      process.exitCode = exitCode;
      ending.abort(new Error(`ended by ${name}`));
    });
  }
  return ending.signal;
}

async function run({ short, names, jsonFile }: ChaosOptions): Promise<void> {
  const startedAt = new Date().toISOString();
  const chosen = scenarios.filter(({ name }) => names?.includes(name) ?? true);
  const results = await runScenarios({
    scenarios: chosen,
    short,
    signal: endOnSignals(),
    say: console.error,
  });
  const about = { startedAt, short, machine: machine(), node: process.version };
  console.log(
    `${Object.values(about.machine).join(', ')}, Node ${about.node}, ${startedAt}${short ? ', short' : ''}\n`,
  );
  console.log(chaosTable(results));
  if (jsonFile !== undefined)
    writeFileSync(jsonFile, `${JSON.stringify({ ...about, results }, undefined, 2)}\n`);
  if (!allKept(results)) process.exitCode = 1;
}

const known = scenarios.map(({ name }) => name);
const commandLine = parseChaosCommandLine(process.argv.slice(2), known);
switch (commandLine.kind) {
  case 'help':
    console.log(
      `${usage}\nscenarios:\n${scenarios.map(({ name, title }) => `  ${name.padEnd(18)} ${title}`).join('\n')}`,
    );
    break;
  case 'usage':
    console.error(`chaos: ${commandLine.problem}\n\n${usage}`);
    process.exitCode = 2;
    break;
  case 'run':
    await run(commandLine.options).catch((error: unknown) => {
      process.exitCode ??= 1;
      console.error(`chaos: ${(error as Error).message}`);
    });
    // What was given up in the middle may still wait for something.
    process.exit();
}
