import type { Forward } from '../tunnel/forward.ts';
import type { RequestSummary } from '../routing/request-feed.ts';
import type { PublicUrls } from './commands.ts';
import { describeRequest, printable, type Refusal } from './refusals.ts';

export interface ViewFacts {
  readonly env: string;
  readonly forwards: readonly Forward[];
  readonly refusals: readonly Refusal[];
  readonly urls: PublicUrls;
}

/** What a session without a command shows first: the URLs, one a line. */
export function viewLines(facts: ViewFacts): readonly string[] {
  const refused = facts.refusals.map((refusal) => refusalLine(refusal));
  if (facts.forwards.length === 0) return [...refused, ...nothingOffered(facts, refused.length > 0)];
  return [
    ...refused,
    `${facts.env} is online:`,
    '',
    ...facts.forwards.map((forward) => forwardLine(forward, facts.urls)),
    '',
  ];
}

/** And then, when there is a link to share or none can be had: that link, and what to do next. */
export function nextLines(facts: ViewFacts): readonly string[] {
  if (facts.forwards.length === 0) return [];
  return [...shareLines(facts), 'Requests appear below. Ctrl-C ends the connection, and the URLs with it.'];
}

export function refusalLine(refusal: Refusal): string {
  return `refused: ${describeRequest(refusal.request)}: ${printable(refusal.reason)}`;
}

/** One answered request: `14:02:11  200  GET /path  12 ms`. */
export function requestLine(summary: RequestSummary, at: Date): string {
  const service = summary.service === undefined ? '' : `${summary.service} `;
  const ms = String(Math.round(summary.durationMs));
  return `${at.toTimeString().slice(0, 8)}  ${String(summary.status)}  ${service}${summary.method} ${printable(summary.path)}  ${ms} ms`;
}

/** The same for programs, on one line. */
export function requestJson(summary: RequestSummary, at: Date): string {
  const { service = null, method, path, status } = summary;
  const ms = Math.round(summary.durationMs * 10) / 10;
  return JSON.stringify({ time: at.toISOString(), service, method, path, status, ms });
}

function forwardLine(forward: Forward, urls: PublicUrls): string {
  if (forward.options.scheme === 'tcp')
    return `  ${describeRequest(forward.request)} is offered, but not over HTTP`;
  const { from } = forward.options;
  return `  ${urls.urlOf(forward.route)}${from === undefined ? '' : `  (only from ${from})`}`;
}

/** Private previews are opened by a link; one opens all services of the environment. */
function shareLines(facts: ViewFacts): readonly string[] {
  const closed = facts.forwards.find(
    (forward) => forward.access !== 'public' && forward.options.scheme !== 'tcp',
  );
  if (closed === undefined) return [];
  const link = facts.urls.shareUrlOf(closed.route, closed.owner);
  if (link === undefined) return ['Private: who has a key logs in with ssh ... login.', ''];
  return [
    'Private: share this link with those who may see it (or connect with access=public):',
    `  ${link}`,
    '',
  ];
}

function nothingOffered(facts: ViewFacts, wasRefused: boolean): readonly string[] {
  if (wasRefused) return ['Nothing is offered.'];
  return [
    `You are logged in, and nothing is offered yet. To give an app on port 3000 a URL:`,
    '',
    `  ssh -R 80:localhost:3000 ...   ->  ${facts.urls.urlOf({ env: facts.env, service: undefined, port: undefined })}`,
    `  ssh -R web:80:localhost:3000 ...   ->  ${facts.urls.urlOf({ env: facts.env, service: 'web', port: undefined })}`,
    '',
    'Other commands: ssh ... help',
  ];
}
