import { createHash } from 'node:crypto';
import { Html, markup } from './html.ts';
import { pageStyle } from './page-style.ts';

/** The parts of a page. */
export interface PageParts {
  readonly title: string;
  /** What goes into the head besides. */
  readonly head?: Html | undefined;
  readonly main: Html;
  readonly footer?: Html | undefined;
  /** Its only one; its policy must name it too. */
  readonly script?: string | undefined;
}

/** A page that is whole in itself: no foreign parts, readable in light and dark, on small screens, and without its script. */
export function renderDocument({ title, head, main, footer, script }: PageParts): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
${head}<title>${title}</title>
<style>${new Html(pageStyle)}</style>
</head>
<body>
<main>
${main}</main>
${footer === undefined ? undefined : markup`<footer>${footer}</footer>\n`}${script === undefined ? undefined : markup`<script>${new Html(script)}</script>\n`}</body>
</html>
`.text;
}

/** What a page may do besides showing itself. */
export interface PageRights {
  readonly script?: string | undefined;
  /** Its script asks its own host. */
  readonly connects?: boolean;
  /** Where its forms go, redirections included, which Chrome counts too. */
  readonly forms?: readonly string[];
  /** Whose pages may show it in a frame. */
  readonly framedBy?: readonly string[];
}

/** The `Content-Security-Policy` of a page: nothing but what it needs. */
export function contentPolicy({ script, connects = false, forms = [], framedBy = [] }: PageRights): string {
  return [
    "default-src 'none'",
    `style-src '${styleHash}'`,
    ...(script === undefined ? [] : [`script-src '${hashOf(script)}'`]),
    ...(connects ? ["connect-src 'self'"] : []),
    "base-uri 'none'",
    `form-action ${sources(forms)}`,
    `frame-ancestors ${sources(framedBy)}`,
  ].join('; ');
}

const styleHash = hashOf(pageStyle);

function sources(all: readonly string[]): string {
  return all.length === 0 ? "'none'" : all.join(' ');
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
