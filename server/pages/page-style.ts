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
body{margin:0 auto;max-width:41rem;min-height:100vh;padding:14vh 1.5rem 2rem;background:var(--ground);color:var(--ink);overflow-wrap:anywhere;font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 1rem;text-wrap:balance}
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
section{margin:1.75rem 0 0}
h2{font-size:1.0625rem;line-height:1.4;margin:0 0 .5rem}
form{margin:0 0 .75rem}
label{display:block;font-weight:600;margin:0 0 .25rem}
input,button,.button{font:inherit;line-height:1.25;padding:.6rem .9rem;border-radius:.4rem;border:1px solid var(--dim);background:var(--ground);color:var(--ink);max-width:100%}
input{display:block;width:100%;margin:0 0 .75rem}
button,.button{display:inline-block;cursor:pointer;text-decoration:none;overflow-wrap:anywhere;text-align:center}
.main{background:var(--accent);border-color:var(--accent);color:var(--ground);font-weight:600}
.choices{list-style:none;padding:0}
.choices li{margin:0 0 .5rem}
.choices .button{display:block}
button:hover,.button:hover{text-decoration:underline}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
pre{margin:0 0 .75rem;padding:.6rem .9rem;border:1px solid var(--line);border-radius:.4rem;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere;user-select:all}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,monospace;font-size:.9375em}
.wrong{border-left:.25rem solid currentColor;padding-left:.75rem;font-weight:600}
.rows{list-style:none;padding:0}
.rows li{padding:.75rem 0;border-top:1px solid var(--line);overflow-wrap:anywhere}
.rows form{margin:.5rem 0 0}
.note{color:var(--dim);font-size:.875rem}
.name{display:inline-block;max-width:100%}
@media (max-width:30rem){body{padding-top:2rem}dl div{grid-template-columns:1fr;gap:0}}
`.trim();
