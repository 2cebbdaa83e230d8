// A load of small requests at a constant rate, however slowly they are answered:
//   node load.ts JOB.json
// Prints READY when the first is sent. SIGTERM ends the sending; it ends when all that were sent have ended.
import { bootMs } from '../clock.ts';
import { type LoadJob, readJob } from '../jobs.ts';
import { type Ending, RecordFile, type RequestRecord } from '../records.ts';
import { type PlannedRequest, plannedRequest } from '../traffic.ts';
import { Http1Visitors, type Visit } from '../visits.ts';
import { Http2Visitors } from '../visits-h2.ts';

const job = readJob() as LoadJob;
const records = new RecordFile<RequestRecord>(job.out);
const http1 = new Http1Visitors(job.front);
const http2 = new Http2Visitors(job.front);
const running = new Set<Promise<void>>();

const tickMs = 2;
const startMs = bootMs();
let sent = 0;

const dueMsOf = (index: number): number => startMs + (index * 1000) / job.perSecond;

function visitOf(id: string, { env, waitMs, method, bodyBytes }: PlannedRequest): Visit {
  return {
    ...{ id, env, path: `/?wait=${waitMs}`, deadlineMs: job.deadlineMs },
    body: method === 'POST' ? Buffer.alloc(bodyBytes, id) : undefined,
  };
}

async function endingOf(visit: Visit, { mode }: PlannedRequest): Promise<Ending> {
  try {
    return await (mode === 'h2' ? http2.visit(visit) : http1.visit(visit, mode));
  } catch (error) {
    return { kind: 'broken', problem: (error as Error).message };
  }
}

async function send(index: number): Promise<void> {
  const planned = plannedRequest(index, job.traffic);
  const { env, method, mode } = planned;
  const id = `${job.name}-${index}`;
  const startedMs = bootMs();
  const ending = await endingOf(visitOf(id, planned), planned);
  records.add({ id, env, method, mode, dueMs: dueMsOf(index), startedMs, endedMs: bootMs(), ...ending });
}

const timer = setInterval(() => {
  for (const nowMs = bootMs(); dueMsOf(sent) <= nowMs; sent++) {
    const visit = send(sent);
    running.add(visit);
    void visit.finally(() => running.delete(visit));
  }
}, tickMs);

process.once('SIGTERM', () => {
  clearInterval(timer);
  void Promise.all(running).then(() => {
    http1.close();
    http2.close();
  });
});
console.log('READY');
