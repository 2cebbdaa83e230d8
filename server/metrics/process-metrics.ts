import { readdirSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { Counter, Gauge, type Registry } from 'prom-client';

/** Registers what every dashboard asks of a process, under the names that Prometheus' client libraries agree on. */
export function registerProcessMetrics(registry: Registry): void {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number): void => {
    const collect = function (this: Gauge): void {
      this.set(read());
    };
    new Gauge({ name, help, registers, collect });
  };
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'CPU time of the process, user and system, in seconds',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  const startedAt = performance.timeOrigin / 1000;
  gauge('process_start_time_seconds', 'when the process began, in seconds since 1970', () => startedAt);
  gauge('process_resident_memory_bytes', 'memory of the process', () => process.memoryUsage.rss());
  gauge('nodejs_heap_size_used_bytes', "memory in V8's heap", () => process.memoryUsage().heapUsed);
  gauge(
    'nodejs_external_memory_bytes',
    'memory outside the heap: buffers',
    () => process.memoryUsage().external,
  );
  gauge('process_open_fds', 'open file descriptors; 0 where the system does not tell', openDescriptors);
}

function openDescriptors(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}
