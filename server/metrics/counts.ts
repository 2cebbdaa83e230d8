import { Counter, type Registry } from 'prom-client';
import { errorTable } from '../../core/errors.ts';
import { LabelCounter } from './label-counter.ts';
import { RequestCounts } from './request-counts.ts';

/** What is counted by at most one label; `known` values of the label are told from the beginning. */
const counted = {
  bytes: {
    name: 'porthole_bytes_total',
    help: 'bytes of bodies, from visitors (in) and to them (out)',
    label: 'direction',
    known: ['in', 'out'],
  },
  retries: { name: 'porthole_requests_retried_total', help: 'requests that were sent a second time' },
  channelUses: {
    name: 'porthole_channels_used_total',
    help: 'requests by whether their channel had served one before',
    label: 'reused',
    known: ['true', 'false'],
  },
  channelOpens: {
    name: 'porthole_channel_open_total',
    help: 'channels asked of machines',
    label: 'result',
    known: ['accepted', 'refused', 'timeout', 'limit', 'gone'],
  },
  connections: {
    name: 'porthole_connections_total',
    help: 'connections at the shared port, by what became of them',
    label: 'kind',
    known: ['accepted', 'penalised'],
  },
  logins: { name: 'porthole_auth_total', help: 'logins by SSH', label: 'result', known: ['ok', 'refused'] },
  tunnelsOpened: { name: 'porthole_tunnels_opened_total', help: 'tunnels that were opened' },
  tunnelsClosed: { name: 'porthole_tunnel_closed_total', help: 'tunnels that ended', label: 'reason' },
  forwardsRefused: {
    name: 'porthole_forwards_refused_total',
    help: 'forwards that were refused',
    label: 'reason',
  },
  takeovers: {
    name: 'porthole_takeovers_total',
    help: 'services that a newer tunnel of the same owner took over',
  },
  gateOpens: {
    name: 'porthole_gate_opens_total',
    help: 'connections through the gate that were asked for, by what became of them',
    label: 'result',
    known: ['opened', 'refused', 'offline', 'busy', 'failed', 'abandoned'],
  },
  gateBytes: {
    name: 'porthole_gate_bytes_total',
    help: 'bytes through the gate, to machines (up) and from them (down)',
    label: 'direction',
    known: ['up', 'down'],
  },
} as const satisfies Readonly<Record<string, Counted>>;

interface Counted {
  readonly name: string;
  readonly help: string;
  readonly label?: string;
  readonly known?: readonly string[];
}

/** The numbers that only grow. Counting is cheap; what it costs to show them is paid when somebody looks. */
export type Counts = Readonly<Record<keyof typeof counted, LabelCounter>> & {
  readonly requests: RequestCounts;
};

export function registerCounts(registry: Registry): Counts {
  const counters = Object.entries<Counted>(counted).map(([key, what]) => [key, registerOne(registry, what)]);
  return {
    ...(Object.fromEntries(counters) as Record<keyof typeof counted, LabelCounter>),
    requests: registerRequests(registry),
  };
}

function registerOne(registry: Registry, { name, help, label, known }: Counted): LabelCounter {
  const counter = new LabelCounter(label === undefined ? [''] : known);
  new Counter({
    name,
    help,
    labelNames: label === undefined ? [] : [label],
    registers: [registry],
    collect() {
      this.reset();
      for (const [value, count] of counter.entries()) {
        if (label === undefined) this.inc(count);
        else this.inc({ [label]: value }, count);
      }
    },
  });
  return counter;
}

function registerRequests(registry: Registry): RequestCounts {
  const requests = new RequestCounts(Object.keys(errorTable));
  new Counter({
    name: 'porthole_requests_total',
    help: "requests that are over, by class of status (none: the visitor left) and the gateway's own error code",
    labelNames: ['status', 'code'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { status, code, count } of requests.entries()) this.inc({ status, code }, count);
    },
  });
  return requests;
}
