import type { EnvironmentAnswer, ServiceAnswer, StatusAnswer } from './environment-answers.ts';
import { roughly } from './rough-time.ts';

export interface TableOptions {
  readonly nowMs: number;
  /** Those that are gone, too. */
  readonly all: boolean;
}

/** Environments for a person: a headline each, then its services with their URLs, then its connections. */
export function statusTable(status: StatusAnswer, { nowMs, all }: TableOptions): string[] {
  const shown = all ? status.environments : status.environments.filter(isOnline);
  const hidden = status.environments.length - shown.length + status.moreEnvironments;
  const lines = shown.flatMap((environment) => environmentLines(environment, nowMs));
  if (shown.length === 0) lines.push('nothing is connected');
  if (hidden > 0) lines.push(`${hidden} more ${all ? '' : 'offline or expired: --all shows them'}`.trimEnd());
  return lines;
}

/** One environment, with the links that open what is private. */
export function environmentTable(environment: EnvironmentAnswer, nowMs: number): string[] {
  const links = environment.services.flatMap(({ shareUrl }) => (shareUrl === undefined ? [] : [shareUrl]));
  const [link] = links;
  const hint = link === undefined ? [] : [`  ${link}  opens it for whoever has this link`];
  return [...environmentLines(environment, nowMs), ...hint];
}

function environmentLines(environment: EnvironmentAnswer, nowMs: number): string[] {
  const { env, state, since, services, tunnels } = environment;
  return [
    `${env}  ${state} for ${roughly(nowMs - since)}`,
    ...align(services.map(serviceCells)).map((line) => `  ${line}`),
    ...tunnels.map((tunnel) => `  ${tunnelLine(tunnel, nowMs)}`),
  ];
}

function serviceCells({ url, service, port, access, from, state, reason }: ServiceAnswer): string[] {
  const name = [service, port].filter((part) => part !== undefined && part !== null).join(':');
  return [
    url,
    name === '' ? '(default)' : name,
    from === undefined ? access : `${access}, from ${from}`,
    reason === undefined ? state : `${state}: ${reason}`,
  ];
}

function tunnelLine(tunnel: EnvironmentAnswer['tunnels'][number], nowMs: number): string {
  const { remote, since, roundTripMs, draining } = tunnel;
  const facts = [`connected from ${remote} for ${roughly(nowMs - since)}`];
  if (roundTripMs !== undefined && roundTripMs !== null) facts.push(`round trip ${roundTripMs} ms`);
  if (draining) facts.push('moving to another connection');
  return facts.join(', ');
}

function isOnline({ state }: EnvironmentAnswer): boolean {
  return state !== 'offline' && state !== 'expired';
}

function align(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
