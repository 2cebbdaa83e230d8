import { plainName } from './spelling.ts';

/** The parameters of a URL that carry a share link and a token. */
export const shareParameter = 'porthole-share';
export const tokenParameter = 'porthole-token';
/** Preevy's clients ask with it for the browser's own dialog: `_preevy_auth_hint=basic`. */
const hintParameter = '_preevy_auth_hint';

/** The most of each that are looked at. */
const maxCandidates = 4;

/** What a query has for the gateway. */
export interface OwnQuery {
  readonly shares: readonly string[];
  readonly tokens: readonly string[];
  readonly asksForBasic: boolean;
}

interface Piece {
  /** The separator before it, and itself, as they are. */
  readonly text: string;
  /** As `plainName` has it, without the brackets that make a list of it. */
  readonly name: string;
  readonly value: string;
}

const nothing: OwnQuery = { shares: [], tokens: [], asksForBasic: false };

/** Reads what of a request's path, with its query, is meant for the gateway. */
export function readOwnQuery(path: string): OwnQuery {
  const start = queryStart(path);
  if (start === undefined) return nothing;
  const pieces = piecesOf(path.slice(start + 1));
  const valuesOf = (name: string): string[] =>
    pieces.filter((piece) => piece.name === name && piece.value !== '').map(({ value }) => value);
  return {
    shares: valuesOf(shareParameter).slice(0, maxCandidates),
    tokens: valuesOf(tokenParameter).slice(0, maxCandidates),
    asksForBasic: valuesOf(hintParameter).includes('basic'),
  };
}

/** A path, or a URL, without what of its query is meant for the gateway, in whatever spelling; everything else stays byte for byte. */
export function stripQuery(path: string): string {
  const start = queryStart(path);
  if (start === undefined) return path;
  const pieces = piecesOf(path.slice(start + 1));
  const kept = pieces.filter(({ name }) => !isOwnParameter(name));
  if (kept.length === pieces.length) return path;
  const query = kept.map(({ text }) => text).join('');
  const first = pieces[0] === kept[0] ? query : query.slice(1);
  return first === '' ? path.slice(0, start) : `${path.slice(0, start)}?${first}`;
}

function isOwnParameter(name: string): boolean {
  return name === shareParameter || name === tokenParameter || name === hintParameter;
}

/** Where the query begins, of those that may hold something of ours: false for nearly all requests, at the cost of one look. */
function queryStart(path: string): number | undefined {
  const start = path.indexOf('?');
  if (start === -1) return undefined;
  return path.includes('%', start) || /porthole|preevy/i.test(path) ? start : undefined;
}

/** Some readers take a semicolon for an ampersand. */
function piecesOf(query: string): Piece[] {
  const parts = query.split(/([&;])/);
  const pieces: Piece[] = [];
  for (let at = 0; at < parts.length; at += 2) pieces.push(pieceOf(parts[at - 1] ?? '', parts[at] ?? ''));
  return pieces;
}

function pieceOf(separator: string, text: string): Piece {
  const equals = text.indexOf('=');
  const name = plainName((equals === -1 ? text : text.slice(0, equals)).replaceAll('+', ' '));
  const value = equals === -1 ? '' : text.slice(equals + 1);
  return { text: separator + text, name: name.replace(/\[.*$/s, ''), value };
}
