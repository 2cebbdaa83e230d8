import { readFileSync, readdirSync } from 'node:fs';

/** What `/proc/PID/stat` tells about a process. */
export interface ProcessStat {
  readonly parentPid: number;
  readonly cpuSeconds: number;
  /** The same of all that came from it and has ended. */
  readonly endedCpuSeconds: number;
  /** Clock ticks from boot to its start: with the pid, it names one process for good. */
  readonly startTicks: number;
}

/** USER_HZ: the unit of the times in /proc, 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** Reads a `/proc/PID/stat` line (proc(5)). The command in it may hold spaces and parentheses. */
export function parseStat(line: string): ProcessStat {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  // proc(5) counts from 1, and these fields begin at its third.
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    parentPid: field(4),
    cpuSeconds: (field(14) + field(15)) / ticksPerSecond,
    endedCpuSeconds: (field(16) + field(17)) / ticksPerSecond,
    startTicks: field(22),
  };
}

/** Reads the resident size from `/proc/PID/status`, in bytes; 0 for a process that is a zombie. */
export function parseResidentBytes(status: string): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? 0 : Number(kibibytes) * 1024;
}

/** Reads the limit of open files from `/proc/PID/limits`: the hard one, to which Node raises its own. */
export function parseOpenFilesLimit(limits: string): number {
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1];
  return hard === undefined || hard === 'unlimited' ? Infinity : Number(hard);
}

function read(pid: number | 'self', file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined; // It ended while we looked.
  }
}

export function statOf(pid: number): ProcessStat | undefined {
  const line = read(pid, 'stat');
  return line === undefined ? undefined : parseStat(line);
}

/** These processes and all that came from them and still live. */
export function withDescendants(pids: readonly number[]): number[] {
  const found = new Set(pids);
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const parents = new Map(all.map((name) => [Number(name), statOf(Number(name))?.parentPid]));
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const [pid, parent] of parents) if (parent !== undefined && found.has(parent)) found.add(pid);
  }
  return [...found];
}

/** CPU time that these processes and those that came from them and ended have used so far, their own and the kernel's for them. */
export function cpuSecondsOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const { cpuSeconds = 0, endedCpuSeconds = 0 } = statOf(pid) ?? {};
    return sum + cpuSeconds + endedCpuSeconds;
  }, 0);
}

/** Memory that is resident for these processes now, in bytes. */
export function residentBytesOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + parseResidentBytes(read(pid, 'status') ?? ''), 0);
}

/** How many files a Node process that we start may have open. */
export function openFilesLimit(): number {
  return parseOpenFilesLimit(read('self', 'limits') ?? '');
}
