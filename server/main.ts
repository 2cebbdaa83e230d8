#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { PortholeError } from '../core/errors.ts';
import { createLog, type Log } from '../core/log.ts';
import { readFlags } from './config/flags.ts';
import { helpText } from './config/help.ts';
import { load } from './config/load.ts';
import type { Config } from './config/keys.ts';
import { printConfig } from './config/print.ts';
import type { Gateway } from './gateway.ts';
import { startGateway } from './server.ts';
import { packageVersion } from '../core/version.ts';

const exitCodes = { ok: 0, failed: 1, usage: 2 } as const;

/** The command line of the gateway. Resolves with the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  const { action } = readFlags(argv);
  if (action === 'help') return print(helpText());
  if (action === 'version') return print(packageVersion());
  const loaded = load({
    argv,
    env: process.env,
    readFile: (path) => readFileSync(path, 'utf8'),
    isTerminal: process.stdout.isTTY,
  });
  if (!loaded.ok) return complain(loaded.problems, exitCodes.usage);
  if (action === 'print-config') return print(printConfig(loaded.config, loaded.sources));
  return serve(loaded.config);
}

async function serve(config: Config): Promise<number> {
  let logLinesDropped = 0;
  const log = createLog({
    level: config.logLevel,
    format: config.logFormat,
    onDropped: () => {
      logLinesDropped += 1;
    },
  });
  try {
    const gateway = await startGateway(config, { log, logLinesDropped: () => logLinesDropped });
    stopOnSignals(gateway, log);
    const reason = await gateway.closed;
    log.info({ reason }, 'stopped');
    return exitCodes.ok;
  } catch (error) {
    if (!(error instanceof PortholeError)) throw error;
    return complain([error.message], exitCodes.failed);
  }
}

/** The first signal drains, the second ends at once. */
function stopOnSignals(gateway: Gateway, log: Log): void {
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    signals += 1;
    if (signals > 1) gateway.destroy(`second ${signal}`);
    else {
      log.info({ signal }, 'draining');
      void gateway.close();
    }
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

function print(text: string): number {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  return exitCodes.ok;
}

function complain(problems: readonly string[], exitCode: number): number {
  for (const problem of problems) process.stderr.write(`portholed: ${problem}\n`);
  return exitCode;
}

process.exitCode = await main(process.argv.slice(2));
