import { contentPolicy, renderDocument } from '../pages/document.ts';
import { markup, type Html } from '../pages/html.ts';
import { pageScript } from './page-script.ts';

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
  /** Where people log in who may see more. */
  readonly signIn?: string | undefined;
  readonly links: readonly { readonly text: string; readonly href: string }[];
  /** What it waits for, and whether it loads that by itself (`open`) or only says so (`tell`). */
  readonly waits:
    { readonly until: string; readonly then: 'open' | 'tell'; readonly code: string } | undefined;
}

/** Without the script, the whole page is asked for anew, this often. */
const refreshSeconds = 10;

/** What the page may do: show itself, and if it waits, ask its own host. */
export function pagePolicy(waits: boolean): string {
  return contentPolicy(waits ? { script: pageScript, connects: true } : {});
}

export function renderPage(page: Page): string {
  const { title, status, reason, next, waits } = page;
  return renderDocument({
    title,
    head:
      waits?.then === 'open'
        ? markup`<noscript><meta http-equiv="refresh" content="${refreshSeconds}"></noscript>\n`
        : undefined,
    main: markup`<p class="status">${status}</p>
<h1>${reason}</h1>
${seen(page.lastSeen)}<p>${next}</p>
${signIn(page.signIn)}${list(page.links)}${waiting(waits)}`,
    footer: facts(page.facts),
    script: waits === undefined ? undefined : pageScript,
  });
}

function seen(lastSeen: LastSeen | undefined): Html | undefined {
  if (lastSeen === undefined) return undefined;
  const { at, ago, agoMs } = lastSeen;
  return markup`<p>It was last seen <time datetime="${at}" title="${at}" data-ago="${agoMs}">${ago}</time>.</p>\n`;
}

function signIn(href: string | undefined): Html | undefined {
  return href === undefined ? undefined : markup`<p><a href="${href}">Sign in</a></p>\n`;
}

function list(links: Page['links']): Html | undefined {
  if (links.length === 0) return undefined;
  const items = links.map(({ text, href }) => markup`<li><a href="${href}">${text}</a></li>`);
  return markup`<ul>${items}</ul>\n`;
}

/** The line that the script keeps true; read out when it changes. */
function waiting(waits: Page['waits']): Html | undefined {
  if (waits === undefined) return undefined;
  const { until, then, code } = waits;
  const line =
    then === 'open' ? `This page opens the preview when ${until}.` : `This page says when ${until}.`;
  return markup`<p class="waits"><span class="dot" aria-hidden="true"></span><span id="live" role="status" aria-live="polite" data-then="${then}" data-code="${code}">${line}</span></p>\n`;
}

function facts(all: Page['facts']): Html | undefined {
  if (all.length === 0) return undefined;
  const items = all.map(([label, value]) => markup`<div><dt>${label}</dt><dd>${value}</dd></div>`);
  return markup`<dl>${items}</dl>`;
}
