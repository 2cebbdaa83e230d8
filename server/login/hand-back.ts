import { parseLabel } from '../../core/names.ts';
import type { HandOver } from '../access/hand-over.ts';
import { sessionPath } from '../access/own-paths.ts';
import type { Pass } from '../access/pass.ts';
import { hostsToPlant } from '../access/planting.ts';
import { passEnd } from './browser.ts';
import type { LoginContext } from './login-context.ts';

/** The origin of a host, as browsers reach it: `https://web--pr-42.preview.example.com`. */
export function hostOrigin(label: string, { urls, domain }: Pick<LoginContext, 'urls' | 'domain'>): string {
  return `${new URL(urls.rootUrl).protocol}//${urls.authorityOf(`${label}.${domain}`)}`;
}

/** The hosts that a browser is led through after the one that is asked for. Those of a chain were chosen when it began. */
export function nextHosts(
  { label, chain }: HandOver,
  { pass, address }: { readonly pass: Pass; readonly address: string },
  context: LoginContext,
): readonly string[] {
  if (chain !== undefined) return chain.rest;
  const here = { env: parseLabel(label)?.env ?? '', label };
  return hostsToPlant({ pass, planted: [label] }, here, { ...context, address, nowMs: context.now() });
}

/**
 * A one-time code by which the host that asked lets this browser in, and only there and this one. The first of the labels that count as planted is
 * that of the host that the browser wants to go to at last.
 */
export function issueCode(
  { label, path, state, chain }: HandOver,
  { pass, next }: { readonly pass: Pass; readonly next: readonly string[] },
  context: LoginContext,
): string {
  return context.codes.issue({
    host: `${label}.${context.domain}`,
    state,
    pass,
    path,
    expiresAtMs: passEnd(pass, context),
    planted: [...new Set([chain?.home ?? label, label, ...next])],
    chain: next,
  });
}

/** Where the code is taken. `anew`: the hand-over was begun a second time already. */
export function codeUrl(
  label: string,
  code: string,
  { anew, context }: { readonly anew: boolean; readonly context: LoginContext },
): string {
  const query = new URLSearchParams({ code, ...(anew && { anew: '1' }) });
  return `${hostOrigin(label, context)}${sessionPath}?${query.toString()}`;
}
