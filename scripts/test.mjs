// Runs the tests: each test file is a process of its own under this Node, at most one per core at a time, read as
// TAP. `unit` runs all but test/e2e and then holds the coverage of the sources; `e2e` runs test/e2e; without a word,
// both. Paths run just these files. The last line is `N passed, N failed`, counted in assertions.
import { spawn, spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Parser } from 'tap-parser';
import ts from 'typescript';

const fileTimeoutMs = 120_000;
const keptOutputBytes = 1024 * 1024;
const least = { lines: 90, branches: 80 };
const covered = ['core', 'tls', 'server', 'client'];

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/** Ends the test and whatever it started: each test file leads a process group of its own. */
function killGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Already gone.
  }
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
]) {
  process.on(signal, () => {
    for (const child of running) killGroup(child, 'SIGKILL');
    process.exit(code);
  });
}

/** Keeps the end of what a stream said. */
function tail(stream, seen) {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk) => {
    text = (text + chunk).slice(-keptOutputBytes);
    seen?.(chunk);
  });
  return () => text;
}

/** Runs one test file and gives `{ file, passed, failed, skipped, problem, output, seconds }`. */
function runFile(file, env) {
  return new Promise((settle) => {
    const startedAt = performance.now();
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const parser = new Parser();
    parser.on('result', ({ ok, skip, todo }) => {
      counts[skip || todo ? 'skipped' : ok ? 'passed' : 'failed']++;
    });
    const child = spawn(process.execPath, [file], { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    const stdout = tail(child.stdout, (chunk) => parser.write(chunk));
    const stderr = tail(child.stderr);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      killGroup(child, 'SIGKILL');
    }, fileTimeoutMs);
    const finish = (how) => {
      clearTimeout(timer);
      running.delete(child);
      parser.end();
      const problem = whatIsWrong({ ...how, late, counts, complete: parser.results?.ok === true });
      if (problem !== undefined && counts.failed === 0) counts.failed = 1;
      const seconds = (performance.now() - startedAt) / 1000;
      settle({ file, ...counts, problem, output: stdout() + stderr(), seconds });
    };
    child.once('error', (error) => finish({ error }));
    // 'exit' and not 'close': what a test leaves running must not keep its pipes open for ever.
    child.once('exit', (code, signal) => {
      setImmediate(() => {
        killGroup(child, 'SIGKILL');
        child.stdout.once('close', () => finish({ code, signal }));
        if (child.stdout.closed) finish({ code, signal });
      });
    });
  });
}

function whatIsWrong({ error, code, signal, late, counts, complete }) {
  if (error) return `did not start: ${error.message}`;
  if (late) return `was not done after ${fileTimeoutMs / 1000} s`;
  if (signal) return `was ended by ${signal}`;
  if (counts.failed > 0) return `failed ${counts.failed} of its assertions`;
  if (code !== 0) return `ended with exit code ${code}`;
  if (!complete) return 'ended before its plan';
  if (counts.passed === 0) return 'asserted nothing';
  return undefined;
}

/** What a failed file printed, indented, without the lines that say ok. */
const withoutPasses = (output) =>
  output
    .replace(/^ *ok \d.*\n/gm, '')
    .trimEnd()
    .replace(/^/gm, '     ');

function report(result) {
  const { file, passed, skipped, problem, output, seconds } = result;
  const counted = `${passed} passed${skipped > 0 ? `, ${skipped} skipped` : ''}, ${seconds.toFixed(1)} s`;
  if (problem === undefined) {
    console.log(`ok   ${file} (${counted})`);
  } else {
    console.log(`FAIL ${file} ${problem} (${counted})\n${withoutPasses(output)}`);
  }
}

/** Runs the files, as many at a time as there are cores, and gives their results. */
async function runAll(files, env) {
  const waiting = [...files];
  const results = [];
  const worker = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const result = await runFile(file, env);
      report(result);
      results.push(result);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return results;
}

/** Whether nothing of a source is left at run time: it declares only types, so that no test can load it. */
function isTypesOnly(file) {
  const compilerOptions = { module: ts.ModuleKind.ESNext, removeComments: true, verbatimModuleSyntax: true };
  const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), { compilerOptions });
  return /^(export \{\};)?$/.test(outputText.trim());
}

/** Prints the coverage of the sources and tells whether it is enough. Files that no test loads count as not covered. */
function coverageHolds(directory) {
  const c8 = createRequire(import.meta.url).resolve('c8/bin/c8.js');
  const typesOnly = globSync(`{${covered.join(',')}}/**/*.ts`).filter(isTypesOnly);
  const { status } = spawnSync(
    process.execPath,
    [
      ...[c8, 'report', '--all', '--merge-async', '--skip-full', '--reporter=text'],
      `--temp-directory=${directory}`,
      ...covered.map((folder) => `--include=${folder}/**/*.ts`),
      ...typesOnly.map((file) => `--exclude=${file}`),
      ...['--check-coverage', '--functions=0', '--statements=0'],
      ...[`--lines=${least.lines}`, `--branches=${least.branches}`],
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  return status === 0;
}

/** Runs the unit tests with V8's own coverage: sources keep their positions when their types are stripped. */
async function runUnit(files, env) {
  const directory = mkdtempSync(join(tmpdir(), 'porthole-coverage-'));
  try {
    const results = await runAll(files, { ...env, NODE_V8_COVERAGE: directory });
    if (!coverageHolds(directory)) {
      const wanted = `lines ${least.lines} %, branches ${least.branches} %`;
      console.log(`FAIL coverage is under what is asked for (${wanted})`);
      results.push({ passed: 0, failed: 1, skipped: 0 });
    }
    return results;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const [word, ...more] = process.argv.slice(2);
const all = globSync('test/**/*.test.ts').sort();
const isE2e = (file) => file.startsWith(join('test', 'e2e', ''));
const unit = all.filter((file) => !isE2e(file));
const e2e = all.filter(isE2e);
// tap's own limit comes a little earlier: it names the test that hangs.
const env = { ...process.env, NODE_OPTIONS: '', TAP: '1', TAP_TIMEOUT: String(fileTimeoutMs / 1000 - 5) };

const results = [];
if (word === undefined || word === 'unit') results.push(...(await runUnit(unit, env)));
if (word === undefined || word === 'e2e') results.push(...(await runAll(e2e, env)));
if (word !== undefined && word !== 'unit' && word !== 'e2e')
  results.push(...(await runAll([word, ...more], env)));

const sum = (what) => results.reduce((total, result) => total + result[what], 0);
if (sum('skipped') > 0) console.log(`${sum('skipped')} skipped`);
console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
process.exitCode = sum('failed') > 0 ? 1 : 0;
