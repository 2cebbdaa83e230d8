interface ErrorEntry {
  /** The HTTP status of an answer that carries the code; the nearest one for a code that HTTP never carries. */
  readonly status: number;
  /** What a stranger may read. */
  readonly message: string;
  /** Whether the same thing, done again a little later, may succeed. */
  readonly retryable: boolean;
}

/** Every way in which Porthole fails, by its stable code. */
export const errorTable = {
  ERR_ENV_UNKNOWN: { status: 404, message: 'There is no such environment here.', retryable: false },
  ERR_ENV_OFFLINE: { status: 503, message: 'This environment is offline at the moment.', retryable: true },
  ERR_SERVICE_UNKNOWN: { status: 404, message: 'This environment has no such service.', retryable: false },
  ERR_UPSTREAM_REFUSED: {
    status: 502,
    message: 'The environment is online, but nothing accepts connections at the address it forwards to.',
    retryable: true,
  },
  ERR_UPSTREAM_PROTOCOL: {
    status: 502,
    message: 'The service answered with something that is not valid HTTP.',
    retryable: false,
  },
  ERR_UPSTREAM_TIMEOUT: { status: 504, message: 'The service did not answer in time.', retryable: true },
  ERR_UPSTREAM_LOST: {
    status: 502,
    message: 'The connection to the environment was lost after the request had been sent.',
    retryable: true,
  },
  ERR_BUSY: {
    status: 503,
    message: 'This environment is handling as much as it may; try again shortly.',
    retryable: true,
  },
  ERR_DRAINING: { status: 503, message: 'The gateway is restarting; try again shortly.', retryable: true },
  ERR_BAD_REQUEST: { status: 400, message: 'The request is not valid HTTP.', retryable: false },
  ERR_REQUEST_TIMEOUT: { status: 408, message: 'The request did not arrive in time.', retryable: true },
  ERR_BODY_TOO_LARGE: { status: 413, message: 'The request body is larger than allowed.', retryable: false },
  ERR_URI_TOO_LONG: {
    status: 414,
    message: 'The address of the request is longer than allowed.',
    retryable: false,
  },
  ERR_HEADERS_TOO_LARGE: {
    status: 431,
    message: 'The request headers are larger than allowed.',
    retryable: false,
  },
  ERR_MISDIRECTED: { status: 421, message: 'This connection does not serve that host.', retryable: true },
  ERR_METHOD_REFUSED: {
    status: 405,
    message: 'The gateway does not take requests with this method.',
    retryable: false,
  },
  ERR_NOT_FOUND: { status: 404, message: 'There is no such page.', retryable: false },
  ERR_INTERNAL: { status: 500, message: 'Something went wrong in the gateway.', retryable: false },
  ERR_NOT_AUTHORISED: { status: 403, message: 'You are not allowed to do this.', retryable: false },
  ERR_COMMAND_FAILED: { status: 422, message: 'The command did not succeed.', retryable: false },
  ERR_TOKEN_REFUSED: { status: 403, message: 'The token is not accepted here.', retryable: false },
  ERR_ISSUER_UNAVAILABLE: {
    status: 503,
    message:
      'The issuer of the token does not give its keys at the moment, so nobody can tell whether it is good.',
    retryable: true,
  },
  ERR_LOGIN_REQUIRED: {
    status: 401,
    message: 'This needs a login, or there is no such preview here.',
    retryable: false,
  },
  ERR_LOGIN_REFUSED: { status: 403, message: 'This login is not accepted here.', retryable: false },
  ERR_LOGIN_STALE: {
    status: 400,
    message: 'This login was not begun in this browser, or took too long.',
    retryable: false,
  },
  ERR_PROVIDER_UNAVAILABLE: {
    status: 503,
    message: 'The login provider does not answer at the moment.',
    retryable: true,
  },
  ERR_LINK_SPENT: {
    status: 410,
    message: 'This link has expired, was revoked, or was used as often as it may be.',
    retryable: false,
  },
  ERR_ORIGIN_REFUSED: {
    status: 403,
    message: 'Pages of this origin may not do this here.',
    retryable: false,
  },
  ERR_ACCESS_TOO_WIDE: {
    status: 403,
    message: 'This is more open than the key may make it.',
    retryable: false,
  },
  ERR_NAME_TAKEN: {
    status: 409,
    message: 'This environment name belongs to somebody else.',
    retryable: false,
  },
  ERR_NAME_RESERVED: {
    status: 409,
    message: 'This name is reserved and cannot be an environment.',
    retryable: false,
  },
  ERR_FORWARD_INVALID: {
    status: 400,
    message: 'The forward that was asked for is not valid.',
    retryable: false,
  },
  ERR_LIMIT: { status: 429, message: 'This is more than the gateway allows.', retryable: true },
  ERR_GATE_REFUSED: {
    status: 403,
    message: 'The gate does not let you through to that.',
    retryable: false,
  },
  ERR_TARGET_UNKNOWN: { status: 404, message: 'There is no such machine.', retryable: false },
  ERR_TARGET_OFFLINE: { status: 503, message: 'This machine is offline at the moment.', retryable: true },
  ERR_CONFIG: { status: 500, message: 'The configuration is not valid.', retryable: false },
  ERR_PORT_IN_USE: { status: 500, message: 'The port is in use by another program.', retryable: true },
  ERR_STORE_UNAVAILABLE: {
    status: 503,
    message: 'The gateway cannot write its database; nothing was changed.',
    retryable: true,
  },
  ERR_CONFLICT: {
    status: 409,
    message: 'This is at odds with what the gateway knows already.',
    retryable: false,
  },
  ERR_NO_AUTHORITY: {
    status: 503,
    message: 'This gateway has no authority that signs certificates: portholed ca init makes one.',
    retryable: false,
  },
  ERR_STATE_DIR: { status: 500, message: 'The state directory cannot be used.', retryable: false },
  ERR_CERTIFICATE: { status: 500, message: 'The certificate or its key cannot be used.', retryable: false },
  ERR_TUNNEL_CLOSED: { status: 502, message: 'The tunnel to the environment was closed.', retryable: true },
} as const satisfies Readonly<Record<`ERR_${string}`, ErrorEntry>>;

export type ErrorCode = keyof typeof errorTable;

export interface PortholeErrorOptions {
  readonly cause?: unknown;
  /** Replaces the table's message; as fit for a stranger as that one. */
  readonly message?: string;
  /** For the log only. */
  readonly details?: Record<string, unknown>;
}

/** A failure that has a code. Its message may be shown to a stranger; its cause and details are for the log. */
export class PortholeError extends Error {
  override readonly name = 'PortholeError';
  readonly code: ErrorCode;
  readonly status: number;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, options: PortholeErrorOptions = {}) {
    const entry = errorTable[code];
    super(options.message ?? entry.message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.status = entry.status;
    this.retryable = entry.retryable;
    this.details = options.details;
  }
}
