import { createHash } from 'node:crypto';
import { pageScript } from './page-script.ts';
import { pageStyle } from '../pages/page-style.ts';

/** When something was seen last. */
export interface LastSeen {
  /** In ISO 8601. */
  readonly at: string;
  /** The same in words, such as `3 minutes ago`, and how long that is. */
  readonly ago: string;
  readonly agoMs: number;
}

/** The parts of a page; all are text, and escaped here. */
export interface Page {
  readonly title: string;
  readonly status: string;
  /** What is the matter, in one sentence. */
  readonly reason: string;
  /** What to do next, in one sentence. */
  readonly next: string;
  readonly lastSeen: LastSeen | undefined;
  readonly facts: readonly (readonly [label: string, value: string])[];
  readonly links: readonly { readonly text: string; readonly href: string }[];
  /** What it waits for, and whether it loads that by itself (`open`) or only says so (`tell`). */
  readonly waits:
    { readonly until: string; readonly then: 'open' | 'tell'; readonly code: string } | undefined;
}

/** Without the script, the whole page is asked for anew, this often. */
const refreshSeconds = 10;

/** What the page may do: show itself, and if it waits, ask its own host. */
export function pagePolicy(waits: boolean): string {
  const scripts = waits ? `; script-src '${scriptHash}'; connect-src 'self'` : '';
  return `default-src 'none'; style-src '${styleHash}'${scripts}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
}

const styleHash = hashOf(pageStyle);
const scriptHash = hashOf(pageScript);

/** A page that is whole in itself: no foreign parts, readable in light and dark and without its script. */
export function renderPage(page: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
${page.waits?.then === 'open' ? `<noscript><meta http-equiv="refresh" content="${refreshSeconds}"></noscript>\n` : ''}<title>${escapeHtml(page.title)}</title>
<style>${pageStyle}</style>
</head>
<body>
<main>
<p class="status">${escapeHtml(page.status)}</p>
<h1>${escapeHtml(page.reason)}</h1>
${seen(page.lastSeen)}<p>${escapeHtml(page.next)}</p>
${list(page.links)}${waiting(page.waits)}</main>
<footer>${facts(page.facts)}</footer>
${page.waits === undefined ? '' : `<script>${pageScript}</script>\n`}</body>
</html>
`;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function seen(lastSeen: LastSeen | undefined): string {
  if (lastSeen === undefined) return '';
  const { at, ago, agoMs } = lastSeen;
  return `<p>It was last seen <time datetime="${escapeHtml(at)}" title="${escapeHtml(at)}" data-ago="${agoMs}">${escapeHtml(ago)}</time>.</p>\n`;
}

function list(links: Page['links']): string {
  if (links.length === 0) return '';
  const items = links.map(
    ({ text, href }) => `<li><a href="${escapeHtml(href)}">${escapeHtml(text)}</a></li>`,
  );
  return `<ul>${items.join('')}</ul>\n`;
}

/** The line that the script keeps true; read out when it changes. */
function waiting(waits: Page['waits']): string {
  if (waits === undefined) return '';
  const { until, then, code } = waits;
  const line =
    then === 'open' ? `This page opens the preview when ${until}.` : `This page says when ${until}.`;
  return `<p class="waits"><span class="dot" aria-hidden="true"></span><span id="live" role="status" aria-live="polite" data-then="${then}" data-code="${code}">${escapeHtml(line)}</span></p>\n`;
}

function facts(all: Page['facts']): string {
  if (all.length === 0) return '';
  const items = all.map(
    ([label, value]) => `<div><dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd></div>`,
  );
  return `<dl>${items.join('')}</dl>`;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
