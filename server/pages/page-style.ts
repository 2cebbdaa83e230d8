/** The colours of pages, in light and in dark; text is told from its ground by WCAG's AA at least. */
export const pageColours = {
  light: { ink: '#1b1f24', dim: '#57606a', line: '#d8dee4', ground: '#fbfbfa', accent: '#0b5cad' },
  dark: { ink: '#e8eaed', dim: '#9aa4af', line: '#343a41', ground: '#15181b', accent: '#7db7f0' },
} as const;

function variables(colours: Readonly<Record<string, string>>): string {
  return Object.entries(colours)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(';');
}

/** The style of all pages: plain, with the fonts and the colour scheme that the visitor's system has. */
export const pageStyle = `
:root{color-scheme:light dark;${variables(pageColours.light)}}
@media (prefers-color-scheme:dark){:root{${variables(pageColours.dark)}}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:41rem;min-height:100vh;padding:14vh 1.5rem 2rem;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 1rem;text-wrap:balance;overflow-wrap:anywhere}
p{margin:0 0 .75rem}
.status{color:var(--dim);font-size:.875rem;margin:0 0 .5rem}
a{color:var(--accent)}
ul{padding-left:1.25rem;margin:0 0 .75rem}
.waits{display:flex;gap:.75rem;align-items:baseline;margin-top:1.5rem}
.dot{flex:none;width:.625rem;height:.625rem;border-radius:50%;background:var(--accent);animation:waits 1.6s ease-in-out infinite}
.done .dot{animation:none}
@keyframes waits{50%{opacity:.25}}
@media (prefers-reduced-motion:reduce){.dot{animation:none}}
footer{margin-top:2.5rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--dim);font-size:.875rem}
dl{margin:0;display:grid;gap:.25rem}
dl div{display:grid;grid-template-columns:9rem 1fr;gap:1rem}
dt,dd{margin:0}
dd{overflow-wrap:anywhere;font-family:ui-monospace,SFMono-Regular,Menlo,monospace}
@media (max-width:30rem){dl div{grid-template-columns:1fr;gap:0}}
`.trim();
