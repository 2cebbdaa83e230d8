import type { Forward } from '../tunnel/forward.ts';
import { forwardKey, parseForward } from '../../core/forward.ts';
import { serviceSlug, type RouteName } from '../../core/names.ts';
import { quote } from '../../core/quote.ts';
import { didYouMean } from '../../core/suggest.ts';
import type { Refusal } from './refusals.ts';
import {
  tenths,
  type EnvironmentReport,
  type ServiceReport,
  type VisibleEnvironments,
} from './visible-environments.ts';

/** How the gateway is reached from outside. */
export interface PublicUrls {
  /** `https://preview.example.com/` */
  readonly rootUrl: string;
  readonly baseUrl: { readonly hostname: string; readonly port: string; readonly protocol: string };
  urlOf(route: RouteName): string;
  /** A link that opens a private environment of this principal, for whoever has it; undefined when there is none (yet). */
  shareUrlOf(route: RouteName, owner: string): string | undefined;
  /** Settles when a link that is being made for the environment is there, or cannot be made; undefined when none is. Never rejects. */
  sharePending(env: string): Promise<void> | undefined;
}

/** What a command may know of the connection that it came on. */
export interface CommandContext {
  readonly keyId: string;
  readonly env: string;
  readonly forwards: readonly Forward[];
  readonly refusals: readonly Refusal[];
  readonly roundTripMs: number | undefined;
  readonly urls: PublicUrls;
  readonly environments: Pick<VisibleEnvironments, 'all' | 'named'>;
  /** The environment name that a user's text stands for. */
  readonly envNameOf: (text: string) => string;
  /** The words that other commands begin with. */
  readonly otherCommands?: readonly string[];
  /** Help on the other commands that this user may give, as far as their names begin with these words. */
  readonly otherHelp?: (about: readonly string[]) => readonly string[];
}

export type CommandResult =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'text'; readonly lines: readonly string[] }
  /** The session goes on, with each request that is answered. */
  | { readonly kind: 'requests'; readonly json: boolean }
  | { readonly kind: 'error'; readonly message: string; readonly status: number };

interface Command {
  readonly usage: string;
  readonly summary: string;
  run(context: CommandContext, words: readonly string[]): CommandResult;
}

const commands: Readonly<Record<string, Command>> = {
  hello: { usage: 'hello', summary: 'the URLs of this connection, as one line of JSON', run: hello },
  'tunnel-url': {
    usage: 'tunnel-url NAME...',
    summary: 'the URLs that services have, or would have',
    run: tunnelUrl,
  },
  status: {
    usage: 'status [ENV]',
    summary: 'this connection and your environments, or one of them, as JSON',
    run: status,
  },
  requests: {
    usage: 'requests [--json]',
    summary: "the environment's requests as they are answered, until you end it",
    run: (_context, words) =>
      words.every((word) => word === '--json')
        ? { kind: 'requests', json: words.length > 0 }
        : { kind: 'error', message: 'usage: requests [--json]', status: usageStatus },
  },
  help: { usage: 'help [COMMAND]', summary: 'this text, or more on a command', run: help },
};

const usageStatus = 2;

/** Runs one exec command (`ssh gateway COMMAND`). Never throws. */
export function runCommand(context: CommandContext, words: readonly string[]): CommandResult {
  const [name = '', ...rest] = words;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    return {
      kind: 'error',
      status: usageStatus,
      message: `unknown command ${quote(name)}${didYouMean(name, [...Object.keys(commands), ...(context.otherCommands ?? [])])}; try: ssh ... help`,
    };
  }
  const args = name === 'requests' ? rest : rest.filter((word) => word !== '--json');
  return command.run(context, args);
}

function help(context: CommandContext, about: readonly string[]): CommandResult {
  const others = context.otherHelp?.(about) ?? [];
  const [name = ''] = about;
  const own = Object.hasOwn(commands, name) && about.length === 1 ? commands[name] : undefined;
  if (own !== undefined) return { kind: 'text', lines: [own.usage, '', `  ${own.summary}`] };
  if (about.length === 0) return { kind: 'text', lines: helpLines(others) };
  if (others.length > 0) return { kind: 'text', lines: others };
  return {
    kind: 'error',
    status: usageStatus,
    message: `there is no command ${quote(about.join(' '))} for you; try: ssh ... help`,
  };
}

/** All commands; `others` are those that manage the gateway. */
export function helpLines(others: readonly string[] = []): readonly string[] {
  const width = Math.max(...Object.values(commands).map((command) => command.usage.length));
  return [
    'Commands (ssh [-p PORT] ENV@gateway COMMAND):',
    ...Object.values(commands).map((command) => `  ${command.usage.padEnd(width)}  ${command.summary}`),
    ...(others.length > 0
      ? ['Keys, names and who may what (more: help key, key add --help):', ...others]
      : []),
    'Options for all forwards of the connection: access=public|private|team host=VALUE|keep scheme=http|https|h2c|tcp ttl=2h from=CIDR,...',
    'To offer a service: ssh [-p PORT] -R 80:localhost:3000 ENV@gateway',
  ];
}

function hello(context: CommandContext): CommandResult {
  const tunnels = context.forwards.map(
    (forward) => [forwardKey(forward.request), context.urls.urlOf(forward.route)] as const,
  );
  return {
    kind: 'json',
    value: {
      clientId: context.keyId,
      env: context.env,
      tunnels: Object.fromEntries(tunnels),
      rootUrl: context.urls.rootUrl,
      baseUrl: context.urls.baseUrl,
    },
  };
}

function tunnelUrl(context: CommandContext, names: readonly string[]): CommandResult {
  if (names.length === 0) return { kind: 'error', status: usageStatus, message: 'usage: tunnel-url NAME...' };
  const urls = names.map((name) => [name, context.urls.urlOf(routeOf(name, context.env))] as const);
  return { kind: 'json', value: Object.fromEntries(urls) };
}

/** A service as it may be named on a command line: `web`, `web:8080`, `/web/8080`, or the request as it was sent. */
function routeOf(name: string, env: string): RouteName {
  const [, service = name, port] = /^(.*):(\d{1,5})$/u.exec(name) ?? [];
  const parsed = parseForward(
    name.startsWith('/')
      ? { kind: 'streamlocal', socketPath: name }
      : { kind: 'tcpip', bindAddr: service, bindPort: port === undefined ? 80 : Number(port) },
  );
  if (!parsed.ok) return { env, service: serviceSlug(name, env, undefined), port: undefined };
  const spec = parsed.value;
  return {
    env,
    service: spec.service === undefined ? undefined : serviceSlug(spec.service, env, spec.port),
    port: spec.port,
  };
}

function status(context: CommandContext, [name, ...more]: readonly string[]): CommandResult {
  if (more.length > 0) return { kind: 'error', status: usageStatus, message: 'usage: status [ENV]' };
  return name === undefined ? statusOfAll(context) : statusOf(context, name);
}

/** One that belongs to somebody else is as unknown as one that never was. */
function statusOf({ environments, envNameOf }: CommandContext, name: string): CommandResult {
  const env = envNameOf(name);
  const report = environments.named(env);
  if (report !== undefined) return { kind: 'json', value: report };
  return { kind: 'error', status: 1, message: `there is no environment ${env} of yours` };
}

function statusOfAll(context: CommandContext): CommandResult {
  const { reports, more } = context.environments.all();
  const own = context.environments.named(context.env);
  return {
    kind: 'json',
    value: {
      clientId: context.keyId,
      env: context.env,
      ...(context.roundTripMs !== undefined && { roundTripMs: tenths(context.roundTripMs) }),
      forwards: context.forwards.map((forward) => ({
        request: forwardKey(forward.request),
        url: context.urls.urlOf(forward.route),
        service: forward.route.service ?? null,
        port: forward.route.port ?? null,
        access: forward.access,
        ...(forward.options.from !== undefined && { from: forward.options.from }),
        state: forward.live ? (serviceOf(own, forward.route)?.state ?? 'ready') : 'offline',
        ...shareOf(forward, context.urls),
      })),
      refused: context.refusals.map(({ request, reason, code }) => ({
        request: forwardKey(request),
        reason,
        ...(code !== undefined && { code }),
      })),
      environments: reports,
      ...(more > 0 && { moreEnvironments: more }),
    },
  };
}

function shareOf({ access, options, route, owner }: Forward, urls: PublicUrls): { shareUrl?: string } {
  if (access === 'public' || options.scheme === 'tcp') return {};
  const shareUrl = urls.shareUrlOf(route, owner);
  return shareUrl === undefined ? {} : { shareUrl };
}

function serviceOf(report: EnvironmentReport | undefined, route: RouteName): ServiceReport | undefined {
  return report?.services.find(
    ({ service, port }) => service === (route.service ?? null) && port === (route.port ?? null),
  );
}
