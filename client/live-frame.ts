import { cutToWidth, displayWidth } from './display-width.ts';
import type { HumanLine } from './human-report.ts';
import type { LiveModel, LiveService } from './live-model.ts';
import { oneLine } from './printable.ts';
import type { AnsweredRequest } from './request-line.ts';
import { paint } from './terminal.ts';

type Tone = HumanLine['tone'];
type Span = readonly [tone: Tone, text: string];

interface FrameLine {
  readonly spans: readonly Span[];
  /** URLs are never cut: they are there to be copied. */
  readonly mayWrap?: boolean;
}

export interface FrameOptions {
  readonly columns: number;
  readonly rows: number;
  readonly colour: boolean;
  readonly nowMs: number;
  readonly roundTripMs: number | undefined;
}

/** A picture of the live view: its text, and how many rows of the terminal it takes. */
export interface Frame {
  readonly text: string;
  readonly rows: number;
}

/** Draws the live view for a terminal of this size; it never takes all of its rows. */
export function renderFrame(model: LiveModel, options: FrameOptions): Frame {
  const columns = Math.max(20, options.columns);
  const lines = fit(model, { ...options, columns });
  return {
    text: lines.map((line) => draw(line, columns, options.colour)).join('\r\n'),
    rows: lines.reduce((sum, line) => sum + rowsOf(line, columns), 0),
  };
}

/** What is least needed goes first: requests, then messages, then services. */
function fit(model: LiveModel, options: FrameOptions): FrameLine[] {
  let requests = model.requests;
  let messages = model.messages;
  let services = model.services.length;
  for (;;) {
    const lines = linesOf({ model, requests, messages, services }, options);
    const rows = lines.reduce((sum, line) => sum + rowsOf(line, options.columns), 0);
    if (rows < options.rows) return lines;
    if (requests.length > 0) requests = requests.slice(1);
    else if (messages.length > 0) messages = messages.slice(1);
    else if (services > 0) services -= 1;
    else return lines.slice(0, 1);
  }
}

/** As much of the model as is shown. */
interface Shown extends Pick<LiveModel, 'requests' | 'messages'> {
  readonly model: LiveModel;
  readonly services: number;
}

function linesOf({ model, requests, messages, services }: Shown, options: FrameOptions): FrameLine[] {
  const hidden = model.services.length - services;
  return [
    { spans: headline(model, options) },
    ...model.services.slice(0, services).flatMap(serviceLines),
    ...(hidden > 0 ? [line('dim', `  ... and ${hidden} more`)] : []),
    ...model.machine.map(machineLine),
    ...(requests.length > 0 ? [line('plain', '')] : []),
    ...requests.map(requestLine),
    ...(messages.length > 0 ? [line('plain', '')] : []),
    ...messages.map(({ atMs, text, bad }) =>
      line(bad ? 'bad' : 'dim', `  ${timeOf(atMs)}  ${oneLine(text)}`),
    ),
  ];
}

function headline(model: LiveModel, { nowMs, roundTripMs }: FrameOptions): Span[] {
  const { tunnels } = model;
  const facts = [
    ...(tunnels === undefined ? [] : [`${tunnels.live} of ${tunnels.wanted} connections`]),
    ...(roundTripMs === undefined ? [] : [`${roundTripMs.toFixed(roundTripMs < 10 ? 1 : 0)} ms`]),
    model.server,
  ];
  const hint = model.state.kind === 'ended' ? '' : '  (Ctrl-C ends it)';
  return [stateSpan(model, nowMs), ['dim', `  ${facts.join('  ')}${hint}`]];
}

function stateSpan({ env, state }: LiveModel, nowMs: number): Span {
  const name = oneLine(env);
  switch (state.kind) {
    case 'connecting':
      return ['plain', `${name}: connecting`];
    case 'online':
      return ['good', `${name} is online`];
    case 'moving':
      return ['good', `${name} is online, moving to a new connection`];
    case 'waiting': {
      const seconds = Math.max(0, Math.ceil((state.untilMs - nowMs) / 1000));
      return ['bad', `${name} is not connected; trying again in ${seconds} s`];
    }
    case 'stopping':
      return ['plain', `${name}: stopping`];
    case 'ended':
      return ['plain', `${name}: ended`];
  }
}

function serviceLines(service: LiveService): FrameLine[] {
  const { url, access, target, problem, shareUrl, name } = service;
  const note = access === undefined || access === 'public' ? '' : `  (${access})`;
  const where: Span = url === undefined ? ['bad', `  ${name}`] : ['good', `  ${url === '' ? name : url}`];
  const spans: Span[] = [where, ['plain', `  ->  ${oneLine(target)}${note}`]];
  if (problem !== undefined) spans.push(['bad', `  ${oneLine(problem)}`]);
  const lines: FrameLine[] = [{ spans, mayWrap: true }];
  if (shareUrl !== undefined)
    lines.push({ spans: [['dim', `    ${shareUrl}  opens it for whoever has this link`]], mayWrap: true });
  return lines;
}

/** Not cut: it holds commands to copy, and what somebody must read. */
function machineLine({ tone, text }: LiveModel['machine'][number]): FrameLine {
  return { spans: [[tone, `  ${oneLine(text)}`]], mayWrap: true };
}

function requestLine({ atMs, service, method, path, status, ms }: AnsweredRequest): FrameLine {
  const where = service === undefined ? '' : `${service} `;
  const tone: Tone = status >= 500 ? 'bad' : status >= 400 ? 'plain' : 'dim';
  return line(
    tone,
    `  ${timeOf(atMs)}  ${status}  ${`${Math.round(ms)} ms`.padStart(8)}  ${where}${method} ${path}`,
  );
}

function line(tone: Tone, text: string): FrameLine {
  return { spans: [[tone, text]] };
}

function timeOf(ms: number): string {
  return new Date(ms).toTimeString().slice(0, 8);
}

function rowsOf({ spans, mayWrap }: FrameLine, columns: number): number {
  if (mayWrap !== true) return 1;
  return Math.max(1, Math.ceil(displayWidth(spans.map(([, text]) => text).join('')) / columns));
}

function draw({ spans, mayWrap }: FrameLine, columns: number, colour: boolean): string {
  if (mayWrap === true) return spans.map(([tone, text]) => paint(tone, text, colour)).join('');
  // One column stays free: some terminals wrap when the last one is written.
  let left = columns - 1;
  let drawn = '';
  for (const [tone, text] of spans) {
    const cut = cutToWidth(text, left);
    left -= displayWidth(cut);
    drawn += paint(tone, cut, colour);
    if (cut !== text) break;
  }
  return drawn;
}
