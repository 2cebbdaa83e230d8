/** A bound that Porthole must keep on the machine where the benchmark runs. */
export interface PerformanceTarget {
  readonly case: string;
  readonly metric: string;
  readonly says: string;
  readonly bound:
    | { readonly kind: 'ratio'; readonly atLeast: number }
    | { readonly kind: 'value'; readonly atMost: number }
    | { readonly kind: 'value'; readonly atLeast: number };
}

/** Ratios are of medians, to the reference peer in the same run; values are medians in the metric's own unit. */
export const targets: readonly PerformanceTarget[] = [
  {
    case: 'small-http',
    metric: 'rate',
    says: 'small keep-alive requests',
    bound: { kind: 'ratio', atLeast: 0.8 },
  },
  {
    case: 'small-https',
    metric: 'rate',
    says: 'small keep-alive requests over HTTPS',
    bound: { kind: 'ratio', atLeast: 0.8 },
  },
  {
    case: 'new-connections',
    metric: 'rate',
    says: 'new connections',
    bound: { kind: 'ratio', atLeast: 0.45 },
  },
  {
    case: 'private-preview',
    metric: 'share',
    says: 'small keep-alive requests to a private service, of those to a public one',
    bound: { kind: 'value', atLeast: 0.9 },
  },
  { case: 'download-100mb', metric: 'rate', says: '100 MB download', bound: { kind: 'ratio', atLeast: 1 } },
  { case: 'upload-100mb', metric: 'rate', says: '100 MB upload', bound: { kind: 'ratio', atLeast: 1.5 } },
  {
    case: 'fairness',
    metric: 'slowdown',
    says: 'p99 of small requests one by one during a 1 GB download, in idle p99s',
    bound: { kind: 'value', atMost: 5 },
  },
  {
    case: 'fairness-64',
    metric: 'slowdown',
    says: 'p99 of small requests on 64 connections during a 1 GB download, in idle p99s',
    bound: { kind: 'value', atMost: 5 },
  },
  {
    case: 'gate',
    metric: 'down',
    says: '1 GB from a machine by scp',
    bound: { kind: 'ratio', atLeast: 0.8 },
  },
  { case: 'gate', metric: 'up', says: '1 GB to a machine by scp', bound: { kind: 'ratio', atLeast: 0.8 } },
  {
    case: 'stalled-downloads',
    metric: 'live',
    says: 'memory that a stalled download holds, in MB',
    bound: { kind: 'value', atMost: 2.2 },
  },
  {
    case: 'stalled-downloads',
    metric: 'back',
    says: 'seconds until it is back after the visitors left',
    bound: { kind: 'value', atMost: 10 },
  },
  {
    case: 'idle-tunnels-5000',
    metric: 'connect',
    says: 'seconds until 5,000 idle tunnels are up',
    bound: { kind: 'value', atMost: 30 },
  },
  {
    case: 'idle-tunnels-5000',
    metric: 'resident',
    says: 'gateway memory of one of 5,000 idle tunnels, in KB',
    bound: { kind: 'value', atMost: 60 },
  },
];
