import { createHash } from 'node:crypto';

/** The parts of a page; all are text, and escaped here. */
export interface Page {
  readonly title: string;
  readonly status: string;
  /** What is the matter, in one sentence. */
  readonly reason: string;
  /** What to do next, in one sentence. */
  readonly next: string;
  readonly facts: readonly (readonly [label: string, value: string])[];
  readonly links: readonly { readonly text: string; readonly href: string }[];
  /** Reloads itself when the environment is back. */
  readonly waits: boolean;
}

const style = `
:root{color-scheme:light dark;--ink:#1b1f24;--dim:#59636e;--line:#d8dee4;--ground:#fbfbfa;--accent:#0b5cad}
@media (prefers-color-scheme:dark){:root{--ink:#e8eaed;--dim:#9aa4af;--line:#343a41;--ground:#15181b;--accent:#7db7f0}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:38rem;margin:0 auto;padding:14vh 1.5rem 3rem}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 1rem}
p{margin:0 0 .75rem}
.status{color:var(--dim);font-size:.875rem;margin:0 0 .5rem}
a{color:var(--accent)}
ul{padding-left:1.25rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:2rem 0 0;padding-top:1rem;border-top:1px solid var(--line);color:var(--dim);font-size:.875rem}
dt,dd{margin:0}
dd{overflow-wrap:anywhere;font-family:ui-monospace,SFMono-Regular,Menlo,monospace}
`.trim();

const script = `
(async()=>{
const sleep=s=>new Promise(r=>setTimeout(r,s*1000));
for(;;){
let wait=5;
try{
const a=await fetch('/_porthole/wait?state=ready&timeout=60',{cache:'no-store',headers:{accept:'application/json'}});
if(a.ok){location.reload();return}
if(a.status===404){location.reload();return}
wait=Math.max(1,Number(a.headers.get('retry-after'))||wait)
}catch{}
await sleep(wait*(.5+Math.random()))
}})()
`.trim();

/** What the page may do: show itself, and if it waits, ask its own host. */
export function pagePolicy(waits: boolean): string {
  const scripts = waits ? `; script-src '${hashOf(script)}'; connect-src 'self'` : '';
  return `default-src 'none'; style-src '${hashOf(style)}'${scripts}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
}

/** A page that is whole in itself: no foreign parts, readable in light and dark and without its script. */
export function renderPage(page: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(page.title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<p class="status">${escapeHtml(page.status)}</p>
<h1>${escapeHtml(page.reason)}</h1>
<p>${escapeHtml(page.next)}</p>
${list(page.links)}${facts(page.facts)}
</main>
${page.waits ? `<script>${script}</script>\n` : ''}</body>
</html>
`;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function list(links: Page['links']): string {
  if (links.length === 0) return '';
  const items = links.map(
    ({ text, href }) => `<li><a href="${escapeHtml(href)}">${escapeHtml(text)}</a></li>`,
  );
  return `<ul>${items.join('')}</ul>\n`;
}

function facts(all: Page['facts']): string {
  if (all.length === 0) return '';
  const items = all.map(([label, value]) => `<dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd>`);
  return `<dl>${items.join('')}</dl>`;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
