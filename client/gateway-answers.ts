/** What the gateway answers to `status`, as far as the client reads it. */
export interface GatewayStatus {
  readonly env: string;
  readonly forwards: readonly ForwardStatus[];
  readonly refused: readonly { readonly request: string; readonly reason: string }[];
}

export interface ForwardStatus {
  /** The request as sent. */
  readonly request: string;
  readonly url: string;
  readonly service: string | undefined;
  readonly port: number | undefined;
  readonly access: string | undefined;
  readonly state: string | undefined;
  /** A link that opens a private forward, for whoever has it. */
  readonly shareUrl: string | undefined;
}

/** The answer to `hello`: the environment's name, and a URL for each request as sent. */
export interface Hello {
  readonly env: string;
  readonly clientId: string | undefined;
  readonly tunnels: ReadonlyMap<string, string>;
  /** Gateways that answer for this one name; 1 where nothing is said of it. */
  readonly nodes: number;
}

/** Undefined when the text is not that answer. Unknown members are left for later clients. */
export function parseHello(text: string): Hello | undefined {
  const answer = parseObject(text);
  const tunnels = asObject(answer?.['tunnels']);
  const env = asString(answer?.['env']);
  if (tunnels === undefined || env === undefined) return undefined;
  const urls = Object.entries(tunnels).flatMap(([request, url]) =>
    typeof url === 'string' ? [[request, url] as const] : [],
  );
  return {
    env,
    clientId: asString(answer?.['clientId']),
    tunnels: new Map(urls),
    nodes: asCount(answer?.['nodes']) ?? 1,
  };
}

export function parseStatus(text: string): GatewayStatus | undefined {
  const answer = parseObject(text);
  const env = asString(answer?.['env']);
  if (answer === undefined || env === undefined) return undefined;
  return {
    env,
    forwards: asList(answer['forwards']).flatMap(parseForwardStatus),
    refused: asList(answer['refused']).flatMap((entry) => {
      const request = asString(entry['request']);
      return request === undefined
        ? []
        : [{ request, reason: asString(entry['reason']) ?? 'no reason given' }];
    }),
  };
}

function parseForwardStatus(entry: Record<string, unknown>): ForwardStatus[] {
  const request = asString(entry['request']);
  const url = asString(entry['url']);
  if (request === undefined || url === undefined) return [];
  const port = entry['port'];
  return [
    {
      request,
      url,
      service: asString(entry['service']),
      port: typeof port === 'number' ? port : undefined,
      access: asString(entry['access']),
      state: asString(entry['state']),
      shareUrl: asString(entry['shareUrl']),
    },
  ];
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function asList(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(asObject).filter((entry) => entry !== undefined) : [];
}

function asCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : undefined;
}

function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
