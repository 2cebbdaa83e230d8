#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { PortholeError } from '../core/errors.ts';
import { createLog, type Log } from '../core/log.ts';
import { notifySystemd } from '../core/sd-notify.ts';
import { readFlags } from './config/flags.ts';
import { helpText } from './config/help.ts';
import { load } from './config/load.ts';
import type { Config } from './config/keys.ts';
import { printConfig } from './config/print.ts';
import type { Gateway } from './gateway.ts';
import { forgetListenFds, readListenFds, type PassedSockets } from './handover/listen-fds.ts';
import { startSuccessor } from './handover/respawn.ts';
import { commandWords } from './operator/command-words.ts';
import type { Operator } from './operator/operator.ts';
import { startGateway } from './server.ts';
import { StateDir } from './state-dir.ts';
import { packageVersion } from '../core/version.ts';

const exitCodes = { ok: 0, failed: 1, usage: 2 } as const;

/** The command line of the gateway. Resolves with the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  const words = commandWords(argv);
  if (words !== undefined) return operate(words);
  const { action, replace } = readFlags(argv);
  if (action === 'help') return help();
  if (action === 'version') return print(packageVersion());
  const loaded = load({
    argv,
    env: process.env,
    readFile: (path) => readFileSync(path, 'utf8'),
    isTerminal: process.stdout.isTTY,
  });
  if (!loaded.ok) return complain(loaded.problems, exitCodes.usage);
  if (action === 'print-config') return print(printConfig(loaded.config, loaded.sources));
  const passed = readListenFds(process.env, process.pid);
  forgetListenFds(process.env);
  if (passed.kind === 'wrong') return complain([passed.problem], exitCodes.usage);
  const sockets = passed.kind === 'passed' ? passed.sockets : undefined;
  return serve(loaded.config, { argv, replace, sockets });
}

/** The gateway's own help has the flags; that of each command is its own. */
async function help(): Promise<number> {
  const { operatorCommands } = await import('./operator/program.ts');
  return print(helpText(operatorCommands(processOperator())));
}

/** One of the operator's commands: what it needs is not loaded for the gateway itself. */
async function operate(words: readonly string[]): Promise<number> {
  if (words.length === 1 && words[0] === 'help') return help();
  const { runOperator } = await import('./operator/program.ts');
  return runOperator(words, processOperator());
}

function processOperator(): Operator {
  return {
    env: process.env,
    readFile: (path) => readFileSync(path, 'utf8'),
    readStdin,
    openStateDir: (path) => {
      const stateDir = new StateDir(path);
      stateDir.close();
      return stateDir.path;
    },
    out: (text) => process.stdout.write(`${text}\n`),
    err: (text) => process.stderr.write(`${text}\n`),
    now: Date.now,
  };
}

/** What is over it is not read: nobody waits for the end of an endless stream. */
async function readStdin(maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxBytes) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, maxBytes);
}

interface Start {
  readonly argv: readonly string[];
  readonly replace: boolean;
  readonly sockets: PassedSockets | undefined;
}

async function serve(config: Config, { argv, replace, sockets }: Start): Promise<number> {
  let logLinesDropped = 0;
  const log = createLog({
    level: config.logLevel,
    format: config.logFormat,
    onDropped: () => {
      logLinesDropped += 1;
    },
  });
  try {
    const gateway = await startGateway(config, {
      log,
      logLinesDropped: () => logLinesDropped,
      replace,
      sockets,
    });
    stopOnSignals(gateway, log);
    replaceOnHangUp({ gateway, log, argv, sockets });
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

/** SIGHUP starts the program anew, as it is on the disk now, to take over; but of a terminal that is closed it means the end. */
function replaceOnHangUp({
  gateway,
  log,
  argv,
  sockets,
}: Omit<Start, 'replace'> & { gateway: Gateway; log: Log }): void {
  process.on('SIGHUP', () => {
    if (process.stdin.isTTY) {
      void gateway.close();
      return;
    }
    if (!gateway.serving) return;
    log.info('SIGHUP: a successor is started');
    void notifySystemd({ reloading: true, status: 'being replaced' });
    const program = [process.execPath, ...process.execArgv, process.argv[1] ?? ''] as const;
    const successor = startSuccessor({ program, argv, env: process.env, sockets });
    successor.on('error', (err) => log.error({ err }, 'the successor could not be started'));
    successor.on('exit', (exitCode, signal) => {
      log.error({ exitCode, signal }, 'the successor ended');
      if (gateway.serving) void notifySystemd({ ready: true, status: 'serving' });
    });
    successor.unref();
  });
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
