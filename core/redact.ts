const censored = '[redacted]';

const secretKey =
  /(?:authorization|cookie|token|secret|password|passphrase|private[-_]?key|api[-_]?key|porthole[-_]share)$/i;

/** Whether a line of JSON may hold a secret; almost no line does, and this is all that those cost. */
const suspicious =
  /(?:authorization|cookie|token|secret|password|passphrase|private[-_]?key|api[-_]?key)"\s*[:,]|porthole(?:-|_|%2d)(?:share|token)|__host-porthole|_porthole(?:\/|%2f)|ph[at]_|PRIVATE KEY|eyJ[\w-]+\.eyJ/i;

const rest = String.raw`[^&#\s"'\\;]*`;
/** Parameters that open a preview, in a URL or in one that is a parameter of another. */
const inUrl = new RegExp(`(porthole(?:-|%2d)(?:share|token)(?:=|%3d))${rest}`, 'gi');
/** A token for programs: one that opens previews, or one for the API. */
const programToken = /\bph[at]_[\w.-]+/g;
const ownCookie = new RegExp(`(__host-porthole\\w*=)${rest}`, 'gi');
/** Of the login pages: one-time codes, and what is handed over between hosts. */
const ownPath = /_porthole(?:\/|%2f)(?:login|session)[^\s"'\\<>]*/gi;
const handedOver = new RegExp(`((?:[?&]|%3f|%26)(?:code|share|token|state)(?:=|%3d))${rest}`, 'gi');
/** A signed JSON web token: three parts, of which the first two are JSON objects in base64. */
const jsonWebToken = /\beyJ[\w-]+\.eyJ[\w-]+\.[\w-]*/g;
const privateKeyBlock =
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|$)/g;

/** A log line without the secrets it came with: by key at any depth, in URLs, and private keys and signed tokens anywhere. */
export function redactLine(line: string): string {
  if (!suspicious.test(line)) return line;
  try {
    return `${JSON.stringify(redact(JSON.parse(line)))}\n`;
  } catch {
    return `${JSON.stringify({ level: 'error', msg: 'a log line that could not be cleared of secrets was withheld' })}\n`;
  }
}

/** The value without its secrets, wherever in it they are. */
export function redact(value: unknown): unknown {
  if (typeof value === 'string') return redactText(value);
  if (Array.isArray(value)) return redactList(value);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, secretKey.test(key) ? censor(inner) : redact(inner)]),
  );
}

/** Whether there is one at all is no secret, and often what one looks for in a log. */
function censor(value: unknown): unknown {
  return value === null || typeof value === 'boolean' ? value : censored;
}

/** Also the lists of alternating names and values that Node gives as raw headers. */
function redactList(list: readonly unknown[]): unknown[] {
  return list.map((value, index) => {
    const before = list[index - 1];
    const isValue = index % 2 === 1 && typeof before === 'string' && secretKey.test(before);
    return isValue ? censored : redact(value);
  });
}

function redactText(text: string): string {
  return text
    .replace(inUrl, `$1${censored}`)
    .replace(ownPath, (path) => path.replace(handedOver, `$1${censored}`))
    .replace(ownCookie, `$1${censored}`)
    .replace(programToken, censored)
    .replace(jsonWebToken, censored)
    .replace(privateKeyBlock, censored);
}
